// The whole recording in a strip: where the events are, and which part of it the lanes show. Drag to move that part.

const OVERVIEW_HEIGHT = 46;

// A canvas of the given size in css px, empty and ready to draw on.
function prepared(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

class Overview {
  constructor(box, onRange) {
    this.box = box;
    this.canvas = box.querySelector("canvas");
    this.view = box.querySelector(".view");
    this.here = box.querySelector(".here");
    this.onRange = onRange;
    this.events = [];
    this.range = [0, 1];
    box.addEventListener("pointerdown", (event) => this.grab(event));
    box.addEventListener("pointermove", (event) => this.drag(event));
    for (const name of ["pointerup", "pointercancel"]) box.addEventListener(name, () => { this.held = null; });
  }

  get width() { return Math.max(this.box.clientWidth, 100); }

  timeAt(event) {
    const x = event.clientX - this.box.getBoundingClientRect().left;
    return clamp(x / this.width, 0, 1) * this.feed.duration_s;
  }

  grab(event) {
    if (!this.feed) return;
    this.box.setPointerCapture(event.pointerId);
    const time = this.timeAt(event);
    const [from, to] = this.range;
    const inside = time >= from && time <= to && to - from < 0.98 * this.feed.duration_s;
    this.held = inside ? time - (from + to) / 2 : 0;
    this.drag(event);
  }

  drag(event) {
    if (this.held === null || this.held === undefined) return;
    const middle = this.timeAt(event) - this.held;
    const half = (this.range[1] - this.range[0]) / 2;
    this.onRange(middle - half, middle + half);
  }

  show(feed, lane, inks, labels) {
    Object.assign(this, { feed, lane, inks });
    this.box.setAttribute("aria-label", labels.overview);
    this.resize();
  }

  setEvents(events) {
    this.events = events;
    this.draw();
  }

  setRange(range) {
    this.range = range;
    if (!this.feed) return;
    const share = (time) => `${(100 * time) / this.feed.duration_s}%`;
    this.view.style.left = share(range[0]);
    this.view.style.width = share(range[1] - range[0]);
  }

  setCursor(time) {
    if (this.feed) this.here.style.left = `${(100 * Math.min(time / this.feed.duration_s, 1))}%`;
  }

  // The lines are drawn once; only the events over them change.
  resize() {
    if (!this.feed) return;
    const { width, feed } = this;
    this.ground = document.createElement("canvas");
    const context = prepared(this.ground, width, OVERVIEW_HEIGHT);
    const x = (time) => (time / feed.duration_s) * width;
    context.fillStyle = this.inks.lost;
    for (const [from, to] of feed.lost_s) context.fillRect(x(from), 0, Math.max(x(to) - x(from), 1), OVERVIEW_HEIGHT);
    this.lane.lines.filter((line) => line.look !== "target").forEach((line) => this.line(context, line, x));
    this.draw();
  }

  draw() {
    if (!this.feed) return;
    const { width, feed } = this;
    const context = prepared(this.canvas, width, OVERVIEW_HEIGHT);
    context.drawImage(this.ground, 0, 0, width, OVERVIEW_HEIGHT);
    const x = (time) => (time / feed.duration_s) * width;
    for (const event of this.events) {
      const { row, ink } = KINDS[event.kind];
      context.fillStyle = event.status === "rejected" ? this.inks.lost : ink;
      context.fillRect(x(event.start_s), OVERVIEW_HEIGHT - 12 + 4 * row, Math.max(x(event.end_s) - x(event.start_s), 2), 3);
    }
  }

  line(context, { channel, look }, x) {
    const values = this.feed.arrays[channel];
    const [low, high] = this.lane.range;
    const height = OVERVIEW_HEIGHT - 14;
    context.strokeStyle = this.inks[look];
    context.globalAlpha = 0.75;
    context.lineWidth = 1;
    context.beginPath();
    let joined = false;
    for (let i = 0; i < values.length; i += 1) {
      const known = !Number.isNaN(values[i]);
      const share = clamp((values[i] - low) / (high - low), 0, 1);
      const y = 1 + (this.lane.down ? share : 1 - share) * height;
      if (known && joined) context.lineTo(x(this.feed.time[i]), y);
      else if (known) context.moveTo(x(this.feed.time[i]), y);
      joined = known;
    }
    context.stroke();
    context.globalAlpha = 1;
  }
}
