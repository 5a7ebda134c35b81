// The events as a list to walk through: filter, choose, and see what was decided about each.

class EventList {
  constructor(root, onPick) {
    this.onPick = onPick;
    this.list = root.querySelector(".event-rows");
    this.summary = root.querySelector(".event-summary");
    this.filters = Object.fromEntries(["kind", "eye", "status"].map((name) => {
      const select = root.querySelector(`.filter-${name}`);
      select.addEventListener("change", () => this.draw());
      return [name, select];
    }));
    this.events = [];
    this.list.addEventListener("click", (event) => {
      const row = event.target.closest("button");
      if (row) this.onPick(row.dataset.id);
    });
  }

  label(labels) {
    this.labels = labels;
    const options = {
      kind: ["all", ...Object.keys(KINDS)],
      eye: ["all", "both", "left", "right"],
      status: ["all", "measured", "accepted", "rejected", "added"],
    };
    for (const [name, select] of Object.entries(this.filters)) {
      select.setAttribute("aria-label", labels[`filter_${name}`]);
      const chosen = select.value || "all";
      select.replaceChildren(...options[name].map((value) => {
        const option = document.createElement("option");
        option.value = value;
        option.textContent = labels[`${name}_${value}`];
        return option;
      }));
      select.value = chosen;
    }
  }

  show(events, picked) {
    this.events = events;
    this.picked = picked;
    this.draw();
  }

  get shown() {
    const { kind, eye, status } = Object.fromEntries(Object.entries(this.filters).map(([n, s]) => [n, s.value || "all"]));
    return this.events.filter((event) => (
      (kind === "all" || event.kind === kind)
      && (eye === "all" || (event.eye || "both") === eye)
      && (status === "all" || event.status === status)));
  }

  // The event after (or before) the chosen one, or else after (or before) `time`.
  neighbour(direction, time) {
    const { shown } = this;
    const place = shown.findIndex((event) => event.id === this.picked);
    if (place >= 0) return shown[place + direction];
    if (direction > 0) return shown.find((event) => event.start_s > time + 1e-3);
    return shown.findLast((event) => event.start_s < time - 1e-3);
  }

  draw() {
    const { labels, shown } = this;
    if (!labels) return;
    const rejected = this.events.filter((event) => event.status === "rejected").length;
    this.summary.textContent = fill(labels.event_summary, { shown: shown.length, all: this.events.length, rejected });
    this.list.replaceChildren(...shown.map((event) => this.row(event)));
    if (!shown.length) {
      const empty = document.createElement("li");
      empty.className = "empty";
      empty.textContent = labels.no_events;
      this.list.append(empty);
    }
    this.keepInSight();
  }

  pick(id) {
    this.picked = id;
    for (const row of this.list.querySelectorAll("button")) row.setAttribute("aria-pressed", String(row.dataset.id === id));
    this.keepInSight();
  }

  // Scrolls the list alone, never the page.
  keepInSight() {
    const row = this.list.querySelector("[aria-pressed=true]");
    if (!row) return;
    const top = row.offsetTop - this.list.offsetTop;
    if (top < this.list.scrollTop) this.list.scrollTop = top;
    const below = top + row.offsetHeight - this.list.clientHeight;
    if (below > this.list.scrollTop) this.list.scrollTop = below;
  }

  row(event) {
    const item = document.createElement("li");
    const row = document.createElement("button");
    row.type = "button";
    row.dataset.id = event.id;
    row.dataset.status = event.status;
    row.setAttribute("aria-pressed", String(event.id === this.picked));
    const cell = (name, text) => {
      const span = document.createElement("span");
      span.className = name;
      span.textContent = text;
      row.append(span);
      return span;
    };
    cell("when", `${event.start_s.toFixed(2)} s`);
    const shape = cell("shape", KINDS[event.kind].shape);
    shape.style.color = KINDS[event.kind].ink;
    shape.setAttribute("aria-hidden", "true");
    cell("kind", this.kindText(event));
    cell("detail", this.detailText(event));
    cell("status", this.statusText(event));
    item.append(row);
    return item;
  }

  kindText(event) {
    if (event.kind === "blinks" && event.event.kind === "incomplete") return this.labels.one_incomplete_blink;
    return this.labels[`one_${event.kind}`];
  }

  detailText({ kind, event, start_s: start, end_s: end }) {
    const { labels } = this;
    if (kind === "blinks") {
      const eye = { left: labels.eye_left, right: labels.eye_right }[event.eye];
      const text = fill(labels.detail_blink, { d: (end - start).toFixed(2) });
      return eye ? `${text}, ${eye}` : text;
    }
    if (kind === "square_wave_jerks") {
      return fill(labels.detail_jerk, { a: event.amplitude_deg.toFixed(1), d: event.return_interval_s.toFixed(2) });
    }
    const direction = labels.compass[Math.round(event.direction_deg / 45) % 8];
    const values = { a: event.amplitude_deg.toFixed(1), direction };
    if (typeof event.peak_velocity_deg_s !== "number") return fill(labels.detail_saccade, values);
    return fill(labels.detail_fast_saccade, { ...values, v: event.peak_velocity_deg_s.toFixed(0) });
  }

  statusText(event) {
    const { labels } = this;
    if (event.status === "measured") return "";
    const word = { accepted: `✓ ${labels.status_accepted}`, rejected: `✕ ${labels.status_rejected}`, added: `+ ${labels.status_added}` };
    const why = event.status === "rejected" ? `: ${labels[`reason_${event.reason}`] || event.reason}` : "";
    return `${word[event.status]}${why}${event.reviewer ? ` (${event.reviewer})` : ""}`;
  }
}
