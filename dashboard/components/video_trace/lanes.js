// The traces: lanes one above the other on a common time axis, the events over them, a cursor, and an overview.
// The cursor is an element of its own, so nothing is redrawn while the film plays.

const GUTTER = 62;
const MARGIN = 10;
const WINDOW_S = 10;
const LEAST_WINDOW_S = 0.2;
const ROW_HEIGHT = 16;
const CLICK_PX = 4;
const HEIGHTS = { vertical: 150, horizontal: 112, velocity: 96, lids: 118 };

class Lanes {
  constructor(root, onSeek, onPick, onRange) {
    Object.assign(this, { onSeek, onPick, onRange });
    this.box = root.querySelector(".lanes");
    this.stack = root.querySelector(".stack");
    this.cursor = root.querySelector(".cursor");
    this.marked = root.querySelector(".marked");
    this.eventCanvas = root.querySelector(".events-lane");
    this.overview = new Overview(root.querySelector(".overview"), (from, to) => this.setRange(from, to));
    this.plots = [];
    this.events = [];
    this.range = [0, WINDOW_S];
    this.time = 0;
    this.eventCanvas.addEventListener("click", (event) => this.clicked(event, event.offsetX));
    this.box.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.watcher = new ResizeObserver(() => this.resize());
    this.watcher.observe(this.box);
  }

  get width() { return Math.max(this.box.clientWidth, 120); }

  get duration() { return this.feed ? this.feed.duration_s : WINDOW_S; }

  // Seconds to css px within the box.
  x(time) {
    const [from, to] = this.range;
    return GUTTER + ((time - from) / (to - from)) * (this.width - GUTTER - MARGIN);
  }

  timeAt(x) {
    const [from, to] = this.range;
    return from + ((x - GUTTER) / (this.width - GUTTER - MARGIN)) * (to - from);
  }

  show(feed, lanes, inks, labels) {
    const fresh = this.feed !== feed;
    Object.assign(this, { feed, lanes, inks, labels });
    if (fresh) this.range = [0, Math.min(this.duration, WINDOW_S)];
    for (const plot of this.plots) plot.destroy();
    this.stack.replaceChildren();
    this.plots = lanes.map((lane, place) => this.plot(lane, place === lanes.length - 1));
    this.overview.show(feed, lanes[0], inks, labels);
    this.setRange(...this.range);
  }

  plot(lane, last) {
    const { inks } = this;
    const holder = document.createElement("div");
    holder.className = "lane";
    const title = document.createElement("div");
    title.className = "lane-title";
    title.textContent = lane.title;
    const values = document.createElement("div");
    values.className = "lane-values";
    holder.append(title, values);
    this.stack.append(holder);
    const pen = (line) => ({
      stroke: inks[line.look],
      width: line.look === "target" ? 2 : 1.5,
      dash: { right: [6, 4], horizontal: [5, 3], target: [2, 3] }[line.look],
      spanGaps: false,
      points: { show: false },
    });
    const axis = { stroke: inks.text, font: inks.font, grid: { stroke: inks.rule, width: 1 }, ticks: { show: false } };
    const plot = new uPlot({
      width: this.width,
      height: HEIGHTS[lane.id],
      padding: [4, MARGIN, last ? 0 : 4, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: CLICK_PX }, bind: { dblclick: () => () => this.fit() } },
      scales: {
        x: { time: false, range: () => this.range },
        y: { range: () => lane.range, dir: lane.down ? -1 : 1 },
      },
      axes: [
        { ...axis, size: last ? 26 : 0, space: 70, values: (_, ticks) => ticks.map((tick) => `${+tick.toFixed(3)}`) },
        { ...axis, size: GUTTER, space: 26, gap: 4 },
      ],
      series: [{}, ...lane.lines.map(pen)],
      hooks: {
        drawClear: [(u) => this.ground(u, lane)],
        setSelect: [(u) => this.selected(u)],
      },
    }, [this.feed.time, ...lane.lines.map((line) => this.feed.line(line.channel))], holder);
    plot.over.addEventListener("mousedown", (event) => { this.pressed = event.clientX; });
    plot.over.addEventListener("click", (event) => {
      if (Math.abs(event.clientX - (this.pressed ?? event.clientX)) < CLICK_PX) this.clicked(event, event.offsetX + GUTTER);
    });
    plot.over.setAttribute("aria-hidden", "true");
    plot.valuesElement = values;
    plot.lane = lane;
    return plot;
  }

  // Under the lines: stretches that were lost, the band that the threshold is about, the events.
  ground(u, lane) {
    const { ctx, bbox } = u;
    const x = (time) => bbox.left + ((time - this.range[0]) / (this.range[1] - this.range[0])) * bbox.width;
    const y = (value) => u.valToPos(value, "y", true);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    if (lane.band) {
      ctx.fillStyle = this.inks.band;
      const edges = lane.band.map(y);
      ctx.fillRect(bbox.left, Math.min(...edges), bbox.width, Math.abs(edges[0] - edges[1]));
    }
    ctx.fillStyle = this.inks.lost;
    for (const [from, to] of this.feed.lost_s) this.inSight(from, to) && ctx.fillRect(x(from), bbox.top, Math.max(x(to) - x(from), 1), bbox.height);
    for (const event of this.events) {
      if (this.inSight(event.start_s, event.end_s)) {
        drawStretch(ctx, event, x, bbox.top, bbox.height, event.id === this.picked, this.inks);
      }
    }
    ctx.strokeStyle = this.inks.text;
    ctx.lineWidth = window.devicePixelRatio || 1;
    ctx.setLineDash([6, 5]);
    for (const value of lane.limits) {
      ctx.beginPath();
      ctx.moveTo(bbox.left, y(value));
      ctx.lineTo(bbox.left + bbox.width, y(value));
      ctx.stroke();
    }
    ctx.restore();
  }

  inSight(from, to) { return to >= this.range[0] && from <= this.range[1]; }

  selected(u) {
    if (u.select.width < CLICK_PX) return;
    const from = this.timeAt(GUTTER + u.select.left);
    const to = this.timeAt(GUTTER + u.select.left + u.select.width);
    u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    this.setRange(from, to);
  }

  clicked(event, x) {
    if (!this.feed) return;
    const time = clamp(this.timeAt(x), 0, this.duration);
    const row = event.currentTarget === this.eventCanvas ? Math.floor(event.offsetY / ROW_HEIGHT) : null;
    const reach = (8 / (this.width - GUTTER - MARGIN)) * (this.range[1] - this.range[0]);
    const hit = row === null ? null : this.events.find((item) => (
      KINDS[item.kind].row === row && time >= item.start_s - reach && time <= item.end_s + reach));
    if (hit) this.onPick(hit.id);
    else this.onSeek(time);
  }

  wheel(event) {
    if (!this.feed) return;
    event.preventDefault();
    const [from, to] = this.range;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const shift = ((event.deltaX || event.deltaY) / this.width) * (to - from);
      this.setRange(from + shift, to + shift);
      return;
    }
    const pointer = this.timeAt(event.clientX - this.box.getBoundingClientRect().left);
    this.zoom(Math.exp(clamp(event.deltaY, -120, 120) / 300), clamp(pointer, from, to));
  }

  zoom(factor, around = clamp(this.time, ...this.range)) {
    const [from, to] = this.range;
    this.setRange(around - (around - from) * factor, around + (to - around) * factor);
  }

  fit() { this.setRange(0, this.duration); }

  // Show a stretch of time, moved and narrowed so that it lies within the film.
  setRange(from, to) {
    const width = clamp(to - from, LEAST_WINDOW_S, Math.max(this.duration, LEAST_WINDOW_S));
    const middle = (from + to) / 2;
    const start = clamp(middle - width / 2, 0, Math.max(this.duration - width, 0));
    this.range = [start, start + width];
    const begun = performance.now();
    for (const plot of this.plots) plot.setScale("x", { min: start, max: start + width });
    this.drawEvents();
    this.overview.setRange(this.range);
    this.setCursor(this.time, this.index || 0);
    this.setMark(this.mark);
    queueMicrotask(() => this.onRange(this.range, performance.now() - begun));
  }

  // So that `time` is in sight, a third into the window if it was not.
  reveal(time, end = time) {
    const [from, to] = this.range;
    const width = to - from;
    if (time >= from + 0.02 * width && end <= to - 0.02 * width) return;
    this.setRange(time - width / 3, time + (2 * width) / 3);
  }

  setCursor(time, index) {
    this.time = time;
    this.index = index;
    const inside = time >= this.range[0] && time <= this.range[1];
    this.cursor.style.visibility = inside ? "visible" : "hidden";
    if (inside) this.cursor.style.transform = `translateX(${this.x(time) - 1}px)`;
    this.overview.setCursor(time);
    if (!this.feed) return;
    for (const plot of this.plots) {
      const texts = plot.lane.lines.map((line) => {
        const value = this.feed.value(line.channel, index);
        return `${line.short} ${value === null ? "–" : value.toFixed(plot.lane.decimals)}`;
      });
      plot.valuesElement.textContent = texts.join("   ");
    }
  }

  // A blink being marked: from `start`, to `end` or to the cursor.
  setMark(mark) {
    this.mark = mark;
    this.marked.hidden = !mark;
    if (!mark) return;
    const [from, to] = [mark.start, mark.end].map((time) => clamp(time, ...this.range));
    this.marked.style.left = `${this.x(from)}px`;
    this.marked.style.width = `${Math.max(this.x(to) - this.x(from), 2)}px`;
  }

  setEvents(events, picked) {
    this.events = events;
    this.picked = picked;
    if (!this.feed) return;
    for (const plot of this.plots) plot.redraw(false);
    this.drawEvents();
    this.overview.setEvents(events);
  }

  drawEvents() {
    if (!this.feed) return;
    const context = prepared(this.eventCanvas, this.width, ROW_HEIGHT * 3 + (this.feed.segments.length ? ROW_HEIGHT : 0));
    context.font = this.inks.font;
    context.fillStyle = this.inks.text;
    context.textBaseline = "middle";
    context.textAlign = "right";
    const names = [this.labels.lane_blinks, this.labels.lane_saccades, this.labels.lane_jerks];
    names.forEach((name, row) => context.fillText(name, GUTTER - 6, (row + 0.5) * ROW_HEIGHT));
    context.beginPath();
    context.rect(GUTTER, 0, this.width - GUTTER - MARGIN, context.canvas.height);
    context.clip();
    this.feed.segments.forEach((segment) => this.drawSegment(context, segment));
    for (const event of this.events) {
      if (!this.inSight(event.start_s, event.end_s)) continue;
      const top = KINDS[event.kind].row * ROW_HEIGHT + 2;
      drawMark(context, event, (time) => this.x(time), top, ROW_HEIGHT - 4, event.id === this.picked, this.inks);
    }
  }

  drawSegment(context, { start_s: start, end_s: end, label }) {
    if (!this.inSight(start, end)) return;
    const top = 3 * ROW_HEIGHT;
    const [from, to] = [this.x(start), this.x(end)];
    context.fillStyle = this.inks.band;
    context.fillRect(from, top + 1, to - from - 1, ROW_HEIGHT - 2);
    context.fillStyle = this.inks.text;
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillText(label, Math.max(from, GUTTER) + 4, top + ROW_HEIGHT / 2, Math.max(to - from - 8, 8));
  }

  resize() {
    if (!this.feed || this.width === this.drawnWidth) return;
    this.drawnWidth = this.width;
    for (const plot of this.plots) plot.setSize({ width: this.width, height: HEIGHTS[plot.lane.id] });
    this.overview.resize();
    this.setRange(...this.range);
  }

  close() {
    this.watcher.disconnect();
    for (const plot of this.plots) plot.destroy();
  }
}
