// A film that goes exactly where it is told, and a line on the traces that goes with it.
// Everything that happens while playing stays here; Python hears only that the film has left the window of
// the traces, so that it can show the next one. All text is set by textContent.

const players = new WeakMap();
const SPEEDS = [0.1, 0.25, 0.5, 1, 2];
const PRINTABLE = 1;

class Player {
  constructor(root) {
    this.root = root;
    this.box = root.querySelector(".player");
    this.video = root.querySelector("video");
    this.message = root.querySelector(".message");
    this.playButton = root.querySelector(".play");
    this.scrub = root.querySelector(".scrub");
    this.speed = root.querySelector(".speed");
    this.readout = root.querySelector(".time");
    this.frames = null;
    this.pendingSeek = null;
    this.lastNonce = null;
    this.lastFollow = -Infinity;
    this.abort = new AbortController();
    this.listen();
  }

  listen() {
    const { signal } = this.abort;
    const on = (target, name, handler) => target.addEventListener(name, handler, { signal });
    on(this.root.querySelector(".back"), "click", () => this.step(-1));
    on(this.root.querySelector(".forward"), "click", () => this.step(1));
    on(this.playButton, "click", () => this.toggle());
    on(this.video, "click", () => this.toggle());
    on(this.scrub, "input", () => this.seek(Number(this.scrub.value)));
    on(this.speed, "change", () => { this.video.playbackRate = Number(this.speed.value); });
    on(this.box, "keydown", (event) => this.key(event));
    on(this.video, "loadedmetadata", () => this.ready());
    on(this.video, "error", () => this.say(this.data.labels.cannot_play));
    for (const name of ["play", "pause", "seeked", "timeupdate", "ended"]) on(this.video, name, () => this.draw());
    const tick = () => {
      if (this.abort.signal.aborted) return;
      if (!this.video.paused) this.draw();
      this.drawCursor();
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  update(data, setTriggerValue) {
    const first = !this.data;
    const moved = first || data.src !== this.data.src;
    this.data = data;
    this.setTriggerValue = setTriggerValue;
    if (first) this.label();
    if (moved) {
      this.message.hidden = true;
      this.video.hidden = false;
      this.frames = null;
      if (data.src) {
        this.video.src = data.src;
        this.loadFrames(data.frames_url);
      } else {
        this.say(data.labels.no_film);
      }
    }
    this.lastFollow = -Infinity;
    if (data.seek && data.seek.nonce !== this.lastNonce) {
      this.lastNonce = data.seek.nonce;
      this.video.pause();
      this.seekToFrameAt(data.seek.time_s);
    }
  }

  label() {
    const { labels } = this.data;
    this.box.setAttribute("aria-label", labels.player);
    const name = (selector, text) => {
      const element = this.root.querySelector(selector);
      element.setAttribute("aria-label", text);
      element.title = text;
    };
    name(".back", labels.back);
    name(".play", labels.play);
    name(".forward", labels.forward);
    name(".scrub", labels.position);
    name(".speed", labels.speed);
    this.root.querySelector(".keys").textContent = labels.keys;
    this.speed.replaceChildren(...SPEEDS.map((rate) => {
      const option = document.createElement("option");
      option.value = String(rate);
      option.textContent = `${rate}×`;
      option.selected = rate === 1;
      return option;
    }));
  }

  say(text) {
    this.video.hidden = true;
    this.message.hidden = false;
    this.message.textContent = text;
  }

  async loadFrames(url) {
    try {
      const response = await fetch(url, { signal: this.abort.signal });
      if (!response.ok) return;
      const frames = await response.json();
      if (frames.time_s.length) this.frames = frames;
      if (this.pendingSeek !== null) this.seekToFrameAt(this.pendingSeek);
      this.draw();
    } catch (error) {
      if (error.name !== "AbortError") this.frames = null;
    }
  }

  ready() {
    this.scrub.max = String(this.video.duration || 1);
    if (this.pendingSeek !== null) this.seekToFrameAt(this.pendingSeek);
    this.draw();
  }

  indexAt(time) {
    const times = this.frames.time_s;
    let low = 0;
    let high = times.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (times[middle] <= time + 1e-4) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  // The middle of a frame's time on screen: a seek to its edge may land on its neighbour.
  middleOf(index) {
    const { frame, time_s: times } = this.frames;
    const other = index + 1 < times.length ? index + 1 : index - 1;
    if (other < 0) return times[index];
    const interval = Math.abs((times[other] - times[index]) / (frame[other] - frame[index]));
    return times[index] + interval / 2;
  }

  seek(time) {
    const end = this.video.duration || Infinity;
    this.video.currentTime = Math.min(Math.max(time, 0), end);
  }

  seekToFrameAt(time) {
    if (!this.frames || this.video.readyState < 1) {
      this.pendingSeek = time;
      if (this.video.readyState >= 1) this.seek(time);
      return;
    }
    this.pendingSeek = null;
    this.seek(this.middleOf(this.indexAt(time)));
  }

  step(count) {
    this.video.pause();
    if (!this.frames) {
      this.seek(this.video.currentTime + count / 30);
      return;
    }
    const index = this.indexAt(this.video.currentTime) + count;
    this.seek(this.middleOf(Math.min(Math.max(index, 0), this.frames.time_s.length - 1)));
  }

  toggle() {
    if (!this.video.paused) {
      this.video.pause();
      return;
    }
    this.video.play().catch(() => this.draw());
  }

  key(event) {
    // Streamlit binds single letters on the whole page ("r" runs it again): none may get out of here.
    if (event.key.length === PRINTABLE) event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const control = event.composedPath()[0];
    const ownKeys = control instanceof HTMLElement && ["BUTTON", "SELECT", "INPUT"].includes(control.tagName);
    const actions = {
      ArrowLeft: () => (event.shiftKey ? this.seek(this.video.currentTime - 1) : this.step(-1)),
      ArrowRight: () => (event.shiftKey ? this.seek(this.video.currentTime + 1) : this.step(1)),
      ",": () => this.step(-1),
      ".": () => this.step(1),
      "[": () => this.changeSpeed(-1),
      "]": () => this.changeSpeed(1),
      " ": () => this.toggle(),
      Home: () => this.seek(0),
    };
    const action = actions[event.key];
    if (!action || (ownKeys && (event.key === " " || event.key.startsWith("Arrow") || event.key === "Home"))) return;
    event.preventDefault();
    action();
  }

  changeSpeed(direction) {
    const next = this.speed.selectedIndex + direction;
    if (next < 0 || next >= SPEEDS.length) return;
    this.speed.selectedIndex = next;
    this.video.playbackRate = SPEEDS[next];
  }

  draw() {
    const time = this.video.currentTime;
    const { labels } = this.data;
    const icon = this.video.paused ? "\u25B6\uFE0E" : "\u275A\u275A";
    if (this.playButton.firstElementChild.textContent !== icon) this.playButton.firstElementChild.textContent = icon;
    const playText = this.video.paused ? labels.play : labels.pause;
    this.playButton.setAttribute("aria-label", playText);
    this.playButton.title = playText;
    this.scrub.value = String(time);
    const frame = this.frames ? `${labels.frame} ${this.frames.frame[this.indexAt(time)]} · ` : "";
    const end = Number.isFinite(this.video.duration) ? ` / ${this.video.duration.toFixed(2)}` : "";
    this.readout.textContent = `${frame}${time.toFixed(3)}${end} s`;
  }

  // The traces are a Plotly chart elsewhere on the page; the line over it is ours, so no redraw is needed.
  drawCursor() {
    const chart = document.querySelector(`.st-key-${this.data.chart_key} .js-plotly-plot`);
    const axis = chart && chart._fullLayout && chart._fullLayout.xaxis;
    if (!axis || !axis.range || typeof axis.l2p !== "function") return;
    if (chart.__eyePlayer !== this && typeof chart.on === "function") {
      chart.__eyePlayer = this;
      chart.on("plotly_click", (event) => {
        if (chart.__eyePlayer !== this || !event.points.length) return;
        this.video.pause();
        this.seekToFrameAt(Number(event.points[0].x));
      });
    }
    let line = chart.querySelector(":scope > .eye-cursor");
    if (!line) {
      line = document.createElement("div");
      line.className = "eye-cursor";
      line.style.cssText = "position:absolute;width:0;border-left:2px solid currentColor;pointer-events:none;z-index:3;opacity:.75";
      chart.style.position = "relative";
      chart.appendChild(line);
    }
    const time = this.video.currentTime;
    const [from, to] = axis.range.map(Number);
    const inside = time >= from && time <= to;
    line.hidden = !inside;
    line.style.display = inside ? "block" : "none";
    if (inside) {
      const size = chart._fullLayout._size;
      line.style.left = `${axis._offset + axis.l2p(time) - 1}px`;
      line.style.top = `${size.t}px`;
      line.style.height = `${size.h}px`;
    } else if (!this.video.paused && Math.abs(time - this.lastFollow) > 2) {
      this.lastFollow = time;
      this.setTriggerValue("left_window", time);
    }
  }

  close() {
    this.abort.abort();
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
    const chart = document.querySelector(`.st-key-${this.data.chart_key} .js-plotly-plot`);
    if (chart && chart.__eyePlayer === this) chart.__eyePlayer = null;
  }
}

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  let player = players.get(parentElement);
  if (!player) {
    player = new Player(parentElement);
    players.set(parentElement, player);
  }
  player.update(data, setTriggerValue);
  return () => {
    player.close();
    players.delete(parentElement);
  };
}
