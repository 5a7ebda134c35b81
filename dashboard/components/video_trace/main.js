// Film, traces, events and decisions put together. Everything here happens without asking Python, which hears only
// that a decision was saved. All text is set by textContent.

const reviews = new WeakMap();

class VideoTrace {
  constructor(root) {
    this.root = root;
    this.box = root.querySelector(".review");
    const find = (name) => root.querySelector(name);
    this.film = new Film(find("video"), (index) => this.frame(index), () => this.drawControls());
    this.eyes = new Eyes(find("video"), find(".overlay"), find(".close-ups"));
    this.lanes = new Lanes(root, (time) => this.seek(time), (id) => this.pick(id), (range, ms) => this.ranged(range, ms));
    this.list = new EventList(root, (id) => this.pick(id));
    this.desk = new Desk(root, (state) => this.decided(state), (count) => this.setTriggerValue("decided", count));
    find(".segment").addEventListener("click", () => this.markSegment());
    this.desk.onAdd = () => this.addBlink();
    this.desk.onDone = () => this.box.focus({ preventScroll: true });
    this.help = find(".help");
    this.message = find(".message");
    this.listen(find);
  }

  listen(find) {
    const press = {
      ".previous": () => this.walk(-1), ".next": () => this.walk(1), ".back": () => this.film.step(-1),
      ".forward": () => this.film.step(1), ".play": () => this.film.toggle(), ".circles": () => this.toggleEyes(),
      ".keys": () => this.help.showModal(), ".fit": () => this.lanes.fit(), ".zoom-in": () => this.lanes.zoom(0.6),
      ".zoom-out": () => this.lanes.zoom(1 / 0.6), ".mark-in": () => this.markIn(), ".mark-out": () => this.markOut(), ".close-help": () => this.help.close(),
    };
    for (const [selector, action] of Object.entries(press)) find(selector).addEventListener("click", action);
    find("video").addEventListener("click", () => this.film.toggle());
    find("video").addEventListener("error", () => this.say(this.data && this.data.src ? this.data.labels.cannot_play : ""));
    find(".speed").addEventListener("change", (event) => this.film.setSpeed(Number(event.target.value)));
    find(".instrument").addEventListener("change", (event) => this.useInstrument(event.target.value));
    this.keepLetters();
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.resized = new ResizeObserver(() => this.feed && this.eyes.draw(this.film.index || 0));
    this.resized.observe(find("video"));
  }

  update(data, setTriggerValue) {
    const before = this.data || {};
    this.data = data;
    this.setTriggerValue = setTriggerValue;
    if (JSON.stringify(before.labels) !== JSON.stringify(data.labels)) this.label();
    if (before.src !== data.src) this.openFilm();
    if (before.traces_url !== data.traces_url) this.load();
    else if (before.theme !== data.theme) this.paint();
    if (before.decisions_url !== data.decisions_url) this.desk.open(data.decisions_url);
    if (data.seek && data.seek.nonce !== this.nonce) {
      this.nonce = data.seek.nonce;
      this.wanted = data.seek;
      this.goToWanted();
    }
  }

  openFilm() {
    if (this.data.src) {
      this.say("");
      this.film.open(this.data.src);
    } else {
      this.say(this.data.labels.no_film);
    }
  }

  async load() {
    try {
      const response = await fetch(this.data.traces_url);
      if (!response.ok) throw new Error(await response.text());
      this.feed = new Feed(await response.arrayBuffer());
    } catch {
      this.say(this.data.labels.reload);
      return;
    }
    const select = this.root.querySelector(".instrument");
    select.replaceChildren(...this.feed.instruments.map(({ id, name }) => {
      const option = document.createElement("option");
      option.value = id;
      option.textContent = name;
      return option;
    }));
    this.instrument = this.feed.instruments[0].id;
    this.paint();
    this.film.useFeed(this.feed);
    if (!this.data.src) this.film.origin = 0;
    this.goToWanted();
    this.box.dataset.ready = "yes";
    if (document.activeElement === document.body) this.box.focus({ preventScroll: true });
  }

  paint() {
    if (!this.feed) return;
    this.inks = inksOf(this.box, this.data.theme);
    this.eyes.update(this.feed, this.inks, this.data.labels);
    this.useInstrument(this.instrument);
  }

  useInstrument(id) {
    const chosen = this.feed.instruments.find((instrument) => instrument.id === id);
    this.instrument = chosen.id;
    this.root.querySelector(".instrument").value = id;
    this.root.querySelector(".instrument-note").textContent = chosen.note;
    this.lanes.show(this.feed, chosen.lanes, this.inks, this.data.labels);
    this.lanes.setEvents(this.events || [], this.picked);
    this.frame(this.film.index || 0);
  }

  nextInstrument() {
    const ids = this.feed.instruments.map((instrument) => instrument.id);
    this.useInstrument(ids[(ids.indexOf(this.instrument) + 1) % ids.length]);
  }

  label() {
    const { labels } = this.data;
    this.box.setAttribute("aria-label", labels.review);
    this.help.setAttribute("aria-label", labels.keys_title);
    for (const [selector, text] of Object.entries(labels.buttons)) {
      const element = this.root.querySelector(selector);
      element.setAttribute("aria-label", text);
      element.title = text;
    }
    for (const element of this.root.querySelectorAll("[data-text]")) element.textContent = labels[element.dataset.text];
    this.root.querySelector(".speed").replaceChildren(...SPEEDS.map((rate) => {
      const option = document.createElement("option");
      option.value = String(rate);
      option.textContent = `${rate}×`;
      option.selected = rate === 1;
      return option;
    }));
    this.root.querySelector(".help dl").replaceChildren(...labels.help.flatMap(([keys, text]) => {
      const term = document.createElement("dt");
      const meaning = document.createElement("dd");
      term.textContent = keys;
      meaning.textContent = text;
      return [term, meaning];
    }));
    this.list.label(labels);
    this.desk.label(labels);
  }

  say(text) {
    this.message.hidden = !text;
    this.message.textContent = text;
    this.root.querySelector(".screen").classList.toggle("no-film", Boolean(text));
  }

  goToWanted() {
    if (!this.feed || !this.wanted) return;
    const { start_s: start, end_s: end } = this.wanted;
    this.wanted = null;
    this.film.video.pause();
    const middle = (start + end) / 2;
    const half = Math.max(1, (end - start) / 2 + 0.3);
    this.lanes.setRange(middle - half, middle + half);
    this.film.seek(start);
    this.choose((this.events || []).find((event) => Math.abs(event.start_s - start) < 1e-3 && Math.abs(event.end_s - end) < 1e-3));
    this.box.scrollIntoView({ block: "nearest", behavior: "instant" });
  }

  // The frame on screen is `index` of the trace; called by the film for every frame that it shows.
  frame(index) {
    if (!this.feed) return;
    const at = this.feed.time[index];
    if (this.film.playing && (at > this.lanes.range[1] || at < this.lanes.range[0])) {
      const width = this.lanes.range[1] - this.lanes.range[0];
      this.lanes.setRange(at - 0.02 * width, at + 0.98 * width);
    }
    this.lanes.setCursor(at, index);
    if (this.mark && this.mark.open) this.drawMark();
    this.eyes.draw(index);
    this.box.dataset.frame = this.feed.frame[index];
    this.box.dataset.time = at.toFixed(6);
    const seen = this.feed.value("valid", index);
    const { labels } = this.data;
    this.root.querySelector(".readout").textContent = fill(seen ? labels.readout : labels.readout_lost, {
      frame: this.feed.frame[index], time: at.toFixed(3), end: this.feed.duration_s.toFixed(2),
    });
  }

  ranged([from, to], redrawMs) {
    Object.assign(this.box.dataset, { from: from.toFixed(3), to: to.toFixed(3), redrawMs: redrawMs.toFixed(1) });
    this.root.querySelector(".span").textContent = fill(this.data.labels.span, { from: from.toFixed(1), to: to.toFixed(1) });
  }

  drawControls() {
    if (!this.data) return;
    const { labels } = this.data;
    const button = this.root.querySelector(".play");
    const paused = this.film.video.paused;
    button.firstElementChild.textContent = paused ? "\u25B6\uFE0E" : "\u275A\u275A";
    button.setAttribute("aria-label", paused ? labels.buttons[".play"] : labels.pause);
    button.title = button.getAttribute("aria-label");
    const place = SPEEDS.indexOf(this.film.video.playbackRate);
    if (place >= 0) this.root.querySelector(".speed").selectedIndex = place;
  }

  seek(time) {
    this.film.video.pause();
    this.film.seek(time);
    this.choose(null);
  }

  choose(event) {
    this.picked = event ? event.id : null;
    this.list.pick(this.picked);
    this.desk.pick(event || null);
    this.lanes.setEvents(this.events || [], this.picked);
    this.box.dataset.event = this.picked || "";
  }

  pick(id) {
    const event = (this.events || []).find((item) => item.id === id);
    if (!event) return;
    this.film.video.pause();
    this.film.seek(event.start_s);
    this.lanes.reveal(event.start_s, event.end_s);
    this.choose(event);
  }

  walk(direction) {
    const event = this.list.neighbour(direction, this.film.time);
    if (event) this.pick(event.id);
  }

  decided(state) {
    this.events = state.events;
    this.list.show(state.events, this.picked);
    this.lanes.setEvents(state.events, this.picked);
    this.box.dataset.decisions = state.decisions;
    this.box.dataset.signed = state.signature ? "yes" : "no";
    if (state.added) this.pick(state.added);
  }

  toggleEyes() {
    this.eyes.visible = !this.eyes.visible;
    this.root.querySelector(".close-ups").hidden = !this.eyes.visible;
    this.root.querySelector(".circles").setAttribute("aria-pressed", String(this.eyes.visible));
    this.eyes.draw(this.film.index || 0);
  }

  // i and o: the first and the last frame of a blink to be added.
  markIn() {
    this.mark = { start: this.film.time, open: true };
    this.drawMark();
  }

  markOut() {
    if (!this.mark) return;
    const [start, end] = [this.mark.start, this.film.time].sort((a, b) => a - b);
    this.mark = { start, end, open: false };
    this.drawMark();
  }

  clearMark() {
    this.mark = null;
    this.drawMark();
  }

  drawMark() {
    const { mark } = this;
    const span = mark && { start: Math.min(mark.start, mark.end ?? this.film.time), end: Math.max(mark.start, mark.end ?? this.film.time) };
    this.lanes.setMark(span);
    this.desk.setMarked(Boolean(mark && !mark.open));
  }

  addBlink() {
    if (!this.mark || this.mark.open) {
      this.desk.say(this.data.labels.mark_first, true);
      return;
    }
    const { start, end } = this.mark;
    this.clearMark();
    this.desk.addBlink(start, end);
  }

  // What is marked becomes a stretch of the task, to be named and kept below this part.
  markSegment() {
    const { mark } = this;
    if (!mark || mark.open) {
      this.desk.say(this.data.labels.mark_segment_first, true);
      return;
    }
    this.clearMark();
    this.desk.say(this.data.labels.segment_below);
    this.setTriggerValue("segment", { start_s: mark.start, end_s: mark.end });
  }

  // Streamlit binds single letters on the whole page ("r" runs it again) and hears them before any element does:
  // those that are meant for this part are taken from the window, before all others.
  keepLetters() {
    this.abort = new AbortController();
    const options = { capture: true, signal: this.abort.signal };
    for (const name of ["keydown", "keypress", "keyup"]) {
      window.addEventListener(name, (event) => {
        if (event.key.length !== 1 || !event.composedPath().includes(this.box)) return;
        event.stopImmediatePropagation();
        if (name === "keydown") this.key(event);
      }, options);
    }
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.feed) return;
    if (this.help.open || this.desk.dialog.open) return;
    const control = event.composedPath()[0];
    const tag = control instanceof HTMLElement ? control.tagName : "";
    if (tag === "INPUT") return;
    if (tag === "SELECT" && event.key.length > 1) return;
    if (tag === "BUTTON" && (event.key === " " || event.key === "Enter")) return;
    const action = this.actions(event)[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  actions({ shiftKey }) {
    const { film, lanes, desk } = this;
    return {
      " ": () => film.toggle(),
      ArrowLeft: () => (shiftKey ? film.skip(-1) : film.step(-1)),
      ArrowRight: () => (shiftKey ? film.skip(1) : film.step(1)),
      ",": () => film.step(-1),
      ".": () => film.step(1),
      Home: () => film.seekIndex(0),
      End: () => film.seekIndex(this.feed.count - 1),
      "[": () => film.changeSpeed(-1),
      "]": () => film.changeSpeed(1),
      n: () => this.walk(1),
      p: () => this.walk(-1),
      a: () => desk.signed || desk.accept(),
      x: () => desk.signed || desk.reject(),
      u: () => desk.signed || desk.send({ action: "undo" }),
      i: () => this.markIn(),
      o: () => this.markOut(),
      b: () => desk.signed || this.addBlink(),
      t: () => this.markSegment(),
      0: () => lanes.fit(),
      "+": () => lanes.zoom(0.6),
      "=": () => lanes.zoom(0.6),
      "-": () => lanes.zoom(1 / 0.6),
      g: () => this.nextInstrument(),
      l: () => this.toggleEyes(),
      "?": () => this.help.showModal(),
      Escape: () => this.clearMark(),
      ...Object.fromEntries([1, 2, 3, 4, 5].map((number) => [number, () => desk.signed || desk.reasonNumber(number)])),
    };
  }

  close() {
    this.abort.abort();
    this.resized.disconnect();
    this.film.close();
    this.lanes.close();
  }
}

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  let review = reviews.get(parentElement);
  if (!review) {
    review = new VideoTrace(parentElement);
    reviews.set(parentElement, review);
  }
  review.update(data, setTriggerValue);
  return () => {
    review.close();
    reviews.delete(parentElement);
  };
}
