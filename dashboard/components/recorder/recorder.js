// Camera check, target task with recording, and the wait for the result. The film goes to the server while it is made.
// What the target did and when the camera took its frames are noted on one clock, the page's. All text is set by
// textContent.

const MIME_TYPES = ["video/webm;codecs=vp8", "video/webm;codecs=vp9", "video/webm", "video/mp4;codecs=avc1", "video/mp4"];
const BITS_PER_SECOND = 8e6;
const TIMESLICE_MS = 500;
const CHECK_MS = 400;
const CHECK_WIDTH = 640;
const RATE_WINDOW_MS = 2000;
const POLL_MS = 250;
const COUNTDOWN_S = 3;
const LEAD_IN_MS = 600;
const TARGET_DEG = 1.2;
const TARGET_LEAST_PX = 16;
const recorders = new WeakMap();
const degrees = (radians) => (radians * 180) / Math.PI;
const nextPicture = () => new Promise((done) => requestAnimationFrame(done));

class Stopped extends Error {}

class Recorder {
  constructor(root) {
    this.root = root;
    for (const name of ["recorder", "check", "camera", "face", "advice", "items", "how", "start", "again", "stage", "watch", "target", "words", "escape", "waiting", "doing"]) {
      this[name] = root.querySelector(`.${name}`);
    }
    this.bar = root.querySelector("progress");
    this.abort = new AbortController();
    this.seen = [];
    const { signal } = this.abort;
    this.start.addEventListener("click", () => this.perform(), { signal });
    this.again.addEventListener("click", () => this.openCamera(), { signal });
    this.escape.addEventListener("click", () => this.stop(this.data.labels.stopped), { signal });
    document.addEventListener("keydown", (event) => this.key(event), { signal, capture: true });
    document.addEventListener("fullscreenchange", () => this.leftFullScreen(), { signal });
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.stop(this.data.labels.hidden); }, { signal });
    window.addEventListener("pagehide", () => this.release(), { signal });
  }

  update(data, setTriggerValue) {
    const first = !this.data;
    this.data = data;
    this.setTriggerValue = setTriggerValue;
    const { labels } = data;
    this.recorder.setAttribute("aria-label", labels.recorder);
    this.stage.setAttribute("aria-label", labels.stage);
    this.start.textContent = labels.start;
    this.again.textContent = labels.again;
    this.how.textContent = labels.how;
    this.escape.textContent = labels.escape;
    this.bar.setAttribute("aria-label", labels.measuring);
    if (first) this.openCamera();
  }

  // ---- camera and check

  async openCamera() {
    this.release();
    this.again.hidden = true;
    this.say(this.data.labels.opening, false);
    try {
      if (!navigator.mediaDevices || !window.MediaRecorder) throw new DOMException("", "NotSupportedError");
      const wanted = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 60 }, facingMode: "user" };
      const stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
      if (this.abort.signal.aborted) {
        stream.getTracks().forEach((track) => track.stop());
        return;
      }
      this.stream = stream;
      const [track] = stream.getVideoTracks();
      track.addEventListener("ended", () => this.lostCamera(track));
      this.camera.srcObject = stream;
      await this.camera.play();
      this.countFrames();
      this.keepChecking(stream);
    } catch (error) {
      if (error.name !== "AbortError") this.trouble(this.cameraTrouble(error));
    }
  }

  cameraTrouble(error) {
    const { labels } = this.data;
    const texts = {
      NotAllowedError: labels.denied,
      SecurityError: labels.denied,
      NotFoundError: labels.no_camera,
      OverconstrainedError: labels.no_camera,
      NotReadableError: labels.camera_busy,
    };
    return texts[error.name] || (window.isSecureContext ? labels.unsupported : labels.insecure);
  }

  lostCamera(track) {
    if (this.stream && this.stream.getVideoTracks()[0] === track) {
      this.stop(this.data.labels.lost);
      this.trouble(this.data.labels.lost);
    }
  }

  trouble(text) {
    this.release();
    this.start.disabled = true;
    this.face.hidden = true;
    this.items.replaceChildren();
    this.again.hidden = false;
    this.say(text, false);
  }

  countFrames() {
    if (!this.camera.requestVideoFrameCallback) return;
    const tell = (now, { presentedFrames }) => {
      this.seen.push([now, presentedFrames]);
      while (this.seen[0][0] < now - RATE_WINDOW_MS) this.seen.shift();
      if (this.stream) this.camera.requestVideoFrameCallback(tell);
    };
    this.seen = [];
    this.camera.requestVideoFrameCallback(tell);
  }

  frameRate() {
    if (!this.camera.requestVideoFrameCallback) return this.stream.getVideoTracks()[0].getSettings().frameRate || 0;
    if (this.seen.length < 2) return 0;
    const [first, last] = [this.seen[0], this.seen[this.seen.length - 1]];
    return (1000 * (last[1] - first[1])) / (last[0] - first[0]);
  }

  async keepChecking(stream) {
    const canvas = document.createElement("canvas");
    while (this.stream === stream) {
      if (!this.performing && this.camera.videoWidth) {
        try {
          const judged = await this.judge(canvas);
          if (this.stream === stream && !this.performing) this.showCheck(judged);
        } catch (error) {
          if (error instanceof Refused) { this.trouble(error.message || this.data.labels.ended); return; }
        }
      }
      await pause(CHECK_MS);
    }
  }

  async judge(canvas) {
    const width = Math.min(CHECK_WIDTH, this.camera.videoWidth);
    const scale = this.camera.videoWidth / width;
    canvas.width = width;
    canvas.height = Math.round(this.camera.videoHeight / scale);
    canvas.getContext("2d").drawImage(this.camera, 0, 0, canvas.width, canvas.height);
    const picture = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    const query = new URLSearchParams({ time_s: performance.now() / 1000, scale, frame_rate_hz: this.frameRate() });
    const answer = await fetch(`/api/visit/${this.data.visit}/check?${query}`, { method: "POST", body: picture, signal: this.abort.signal });
    if (answer.status === 403) throw new Refused(403, await answer.json());
    if (!answer.ok) throw new Error("check");
    return answer.json();
  }

  showCheck({ items, face }) {
    const { labels } = this.data;
    this.face.hidden = !face;
    if (face) {
      const [left, top, width, height] = face.map((share) => 100 * share);
      Object.assign(this.face.style, { left: `${100 - left - width}%`, top: `${top}%`, width: `${width}%`, height: `${height}%` });
    }
    this.items.replaceChildren(...items.map(({ item, is_good: isGood }) => {
      const line = document.createElement("li");
      const mark = document.createElement("span");
      mark.className = "mark";
      mark.textContent = isGood ? "✓" : "▲";
      line.append(mark, `${labels.items[item]}: ${isGood ? labels.good : labels.not_good}`);
      return line;
    }));
    const wrong = items.find(({ is_good: isGood }) => !isGood);
    this.say(wrong ? labels.advice[wrong.advice] : labels.ready, !wrong);
    this.start.disabled = !face;
  }

  // ---- the task

  async perform() {
    if (this.performing || !this.stream) return;
    const { labels } = this.data;
    this.performing = true;
    this.stopReason = null;
    try {
      await this.enterStage();
      const film = this.record();
      try {
        const log = await this.showTask(film);
        await this.leaveStage();
        this.waitFor(labels.sending);
        log.captured_ms = film.captured;
        await film.end();
        this.release();
        await this.finish(log);
      } finally {
        film.cancel();
      }
    } catch (error) {
      await this.leaveStage();
      this.afterFailure(error);
    }
  }

  async enterStage() {
    const { labels } = this.data;
    this.stage.hidden = false;
    this.target.hidden = true;
    this.words.hidden = false;
    this.stage.focus();
    try { await this.stage.requestFullscreen(); } catch { /* the stage covers the page all the same */ }
    this.isFull = document.fullscreenElement !== null;
    this.watch.srcObject = this.stream;
    await this.watch.play();
    for (let left = COUNTDOWN_S; left > 0; left -= 1) {
      this.words.textContent = `${labels.task}\n${left}`;
      const until = performance.now() + 1000;
      while (performance.now() < until) await this.picture();
    }
    this.words.hidden = true;
  }

  // The next picture of the screen, unless the task was stopped meanwhile.
  async picture() {
    const now = await nextPicture();
    if (this.stopReason) throw new Stopped(this.stopReason);
    return now;
  }

  record() {
    const mimeType = MIME_TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    const recorder = new MediaRecorder(this.stream, { mimeType, videoBitsPerSecond: BITS_PER_SECOND });
    const line = new PieceLine(this.data.upload, { isWanted: () => !film.cancelled, onTrouble: () => {} });
    const film = { captured: [], cancelled: false, size: 0, orderedMs: 0 };
    let number = 0;
    let sending = Promise.resolve();
    recorder.ondataavailable = ({ data: piece }) => {
      if (!piece.size || film.cancelled) return;
      const mine = number++;
      film.size += piece.size;
      sending = sending.then(async () => {
        const { next } = await line.put(mine, piece);
        if (next !== mine + 1) throw new Refused(409, {});
      });
      sending.catch(() => { film.broken = true; });
    };
    recorder.onerror = () => this.stop(this.data.labels.failed);
    const stopped = new Promise((done) => { recorder.onstop = done; });
    const note = (_, { captureTime }) => {
      if (film.cancelled) return;
      if (captureTime !== undefined) film.captured.push(captureTime);
      this.watch.requestVideoFrameCallback(note);
    };
    if (this.watch.requestVideoFrameCallback) this.watch.requestVideoFrameCallback(note);
    film.orderedMs = performance.now();
    recorder.start(TIMESLICE_MS);
    film.end = async () => {
      if (recorder.state !== "inactive") recorder.stop();
      await stopped;
      await sending;
      const { sha256 } = await line.complete(film.size);
      if (!sha256) throw new Error("line");
    };
    film.cancel = () => {
      film.cancelled = true;
      line.abort();
      if (recorder.state !== "inactive") recorder.stop();
    };
    return film;
  }

  async showTask(film) {
    const { task, labels, distance_cm: distance } = this.data;
    const shown = [];
    const from = performance.now() + LEAD_IN_MS;
    while ((await this.picture()) < from) { /* some frames before the first target */ }
    let start = null;
    let next = 0;
    let now = await this.picture();
    for (;;) {
      start ??= now;
      const elapsed = (now - start) / 1000;
      if (elapsed >= task.duration_s) break;
      while (next < task.steps.length && task.steps[next].at_s <= elapsed) {
        const { stage, x_deg: x, y_deg: y } = task.steps[next];
        const place = x === null ? { x_deg: null, y_deg: null } : this.place(x, y);
        this.target.hidden = x === null;
        this.words.hidden = stage !== "blink";
        this.words.textContent = stage === "blink" ? labels.blink : "";
        shown.push({ at_ms: now, ...place });
        next += 1;
      }
      if (film.broken) throw new Error("line");
      now = await this.picture();
    }
    return { ordered_ms: film.orderedMs, ended_ms: now, steps: shown, screen_distance_cm: distance };
  }

  // Put the target at the wanted angle, or as far out as the screen goes; the angle at which it then stands.
  // The screen's left is the patient's left, which counts as positive.
  place(xDeg, yDeg) {
    const { distance_cm: distance, screen_width_cm: width } = this.data;
    const box = this.stage.getBoundingClientRect();
    // In full screen the stage is as wide as the screen whatever the browser's zoom.
    const pixelCm = width / (this.isFull ? box.width : window.screen.width);
    const size = Math.max(TARGET_LEAST_PX, (2 * distance * Math.tan((TARGET_DEG * Math.PI) / 360)) / pixelCm);
    const offset = (angle, half) => {
      const pixels = (distance * Math.tan((Math.abs(angle) * Math.PI) / 180)) / pixelCm;
      return Math.sign(angle) * Math.min(pixels, half - size);
    };
    const left = offset(xDeg, box.width / 2);
    const down = offset(yDeg, box.height / 2);
    Object.assign(this.target.style, {
      width: `${size}px`,
      height: `${size}px`,
      transform: `translate(calc(-50% - ${left}px), calc(-50% + ${down}px))`,
    });
    const angle = (pixels) => Number(degrees(Math.atan((pixels * pixelCm) / distance)).toFixed(3));
    return { x_deg: angle(left), y_deg: angle(down) };
  }

  async leaveStage() {
    this.stage.hidden = true;
    this.isFull = false;
    this.watch.srcObject = null;
    if (document.fullscreenElement) {
      try { await document.exitFullscreen(); } catch { /* left already */ }
    }
  }

  // ---- the result

  async finish(log) {
    const { labels, visit } = this.data;
    const answer = await fetch(`/api/visit/${visit}/finish`, { method: "POST", body: JSON.stringify(log), signal: this.abort.signal });
    if (!answer.ok) throw new Refused(answer.status, await answer.json());
    const total = log.captured_ms.length;
    for (;;) {
      const state = await fetch(`/api/visit/${visit}`, { signal: this.abort.signal });
      if (!state.ok) throw new Refused(state.status, await state.json());
      const { stage, frames_done: done } = await state.json();
      if (stage === "done" || stage === "failed") break;
      this.waitFor(labels.measuring, total ? Math.min(done / total, 1) : null);
      await pause(POLL_MS);
    }
    this.setTriggerValue("finished", true);
  }

  waitFor(text, share = null) {
    this.check.hidden = true;
    this.waiting.hidden = false;
    if (this.doing.textContent !== text) this.doing.textContent = text;
    if (share === null) this.bar.removeAttribute("value");
    else this.bar.value = share;
  }

  // Half a recording is of no use: the visit begins anew, with the reason in words.
  afterFailure(error) {
    if (error.name === "AbortError" || this.abort.signal.aborted) return;
    this.release();
    const text = error instanceof Stopped || error instanceof Refused ? error.message : "";
    this.setTriggerValue("stopped", text || this.data.labels.failed);
  }

  stop(reason) {
    if (this.performing && !this.stopReason) this.stopReason = reason;
  }

  key(event) {
    if (this.stage.hidden) return;
    if (event.key === "Escape") this.stop(this.data.labels.stopped);
    if (event.key.length === 1) event.preventDefault(); // a space would press the button that has the focus
    event.stopPropagation();
  }

  leftFullScreen() {
    if (!document.fullscreenElement && this.isFull) this.stop(this.data.labels.stopped);
  }

  say(text, good) {
    this.advice.classList.toggle("good", good);
    if (this.advice.textContent !== text) this.advice.textContent = text;
  }

  release() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.camera.srcObject = null;
    this.watch.srcObject = null;
  }

  close() {
    this.stop("closed");
    this.abort.abort();
    this.release();
    if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
  }
}

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  let recorder = recorders.get(parentElement);
  if (!recorder) {
    recorder = new Recorder(parentElement);
    recorders.set(parentElement, recorder);
  }
  recorder.update(data, setTriggerValue);
  return () => {
    recorder.close();
    recorders.delete(parentElement);
  };
}
