// The queue as a table: one row a film, drawn anew only where something changed. All text is set by textContent.

// States of a row before its film is with the server; from then on the server's own words for it hold.
const WAITING = "waiting";
const SENDING = "sending";
const STORING = "storing";
const TAKEN = "taken";
const FAILED = "failed";
const STOPPED = "stopped";
const UNFIT = "unfit";

const isToSend = (row) => [WAITING, FAILED, STOPPED].includes(row.state);

function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

class Table {
  // onEdit: told when a person corrected or took away a row.
  constructor(table, { onEdit, onRemove }) {
    this.head = table.querySelector("thead tr");
    this.body = table.querySelector("tbody");
    this.onEdit = onEdit;
    this.onRemove = onRemove;
  }

  update(data) {
    this.data = data;
    const { columns } = data.labels;
    this.head.replaceChildren(...["film", "size", "patient", "day", "state"].map((name) => {
      const cell = element("th", name, columns[name]);
      cell.scope = "col";
      return cell;
    }), element("td"));
  }

  draw(rows, isRunning) {
    this.isRunning = isRunning;
    this.body.replaceChildren(...rows.map((row) => this.drawn(row)));
  }

  drawn(row) {
    row.line = element("tr");
    row.line.append(element("td", "film", row.path), element("td", "size", `${megabytes(row.size)} MB`));
    row.line.append(this.patientCell(row), this.dayCell(row), element("td", "state"), this.lastCell(row));
    this.say(row);
    return row.line;
  }

  isEditable(row) {
    return isToSend(row) && !this.isRunning;
  }

  patientCell(row) {
    const cell = element("td", "patient");
    if (!this.isEditable(row)) {
      cell.textContent = row.code;
      return cell;
    }
    const input = element("input");
    Object.assign(input, { type: "text", value: row.code, required: true, pattern: "[A-Za-z0-9_\\-]{1,64}" });
    input.setAttribute("aria-label", fill(this.data.labels.code_of, { film: row.path }));
    input.addEventListener("input", () => {
      row.code = input.value.trim();
      row.edited = true;
      this.mark(row, news);
      this.say(row);
      this.onEdit();
    });
    const news = element("span", "new");
    this.mark(row, news);
    cell.append(input, news);
    return cell;
  }

  mark(row, place) {
    const isNew = VALID_CODE.test(row.code) && !this.data.codes.includes(row.code);
    place.textContent = isNew ? this.data.labels.new_patient : "";
  }

  dayCell(row) {
    const cell = element("td", "day");
    if (!this.isEditable(row)) {
      cell.textContent = row.day || "";
      return cell;
    }
    const input = element("input");
    Object.assign(input, { type: "date", value: row.day, max: isoDay(new Date()), required: true });
    input.setAttribute("aria-label", fill(this.data.labels.day_of, { film: row.path }));
    input.addEventListener("change", () => {
      row.day = input.value;
      row.dayNamed = true;
      note.textContent = "";
      this.say(row);
      this.onEdit();
    });
    const note = element("span", "day-note", row.dayNamed ? "" : this.data.labels.from_file);
    cell.append(input, note);
    return cell;
  }

  lastCell(row) {
    const cell = element("td", "last");
    if (row.state === UNFIT || this.isEditable(row)) {
      const button = element("button", "", "✕");
      button.type = "button";
      button.setAttribute("aria-label", fill(this.data.labels.remove, { film: row.path }));
      button.addEventListener("click", () => this.onRemove(row));
      cell.append(button);
    }
    return cell;
  }

  // State, in words; with a bar while something is under way.
  say(row) {
    const cell = row.line?.querySelector(".state");
    if (!cell) return;
    const [text, share] = this.words(row);
    const shown = `${text}|${share}`;
    if (cell.dataset.shown === shown) return;
    cell.dataset.shown = shown;
    cell.replaceChildren();
    if (share !== null) {
      const bar = element("progress");
      Object.assign(bar, { max: 1, value: share });
      bar.setAttribute("aria-label", text);
      cell.append(bar);
    }
    cell.append(text);
    if (row.state === TAKEN) {
      const link = element("a", "", this.data.labels.open);
      Object.assign(link, { href: this.data.review + row.server.analysis, target: "_blank", rel: "noopener" });
      link.setAttribute("aria-label", fill(this.data.labels.open_film, { film: row.path }));
      cell.append(" · ", link);
    }
  }

  words(row) {
    const { labels } = this.data;
    if (row.state === TAKEN) return this.wordsOfServer(row.server);
    if (row.state === SENDING) return [fill(labels.sending, { percent: Math.floor(100 * row.share) }), row.share];
    if (row.state === FAILED || row.state === UNFIT) return [row.problem, null];
    if (row.state === WAITING && !VALID_CODE.test(row.code)) return [labels.needs_code, null];
    if (row.state === WAITING && !row.day) return [labels.needs_day, null];
    return [labels[row.state], null];
  }

  wordsOfServer(server) {
    const { labels } = this.data;
    const status = [labels.statuses[server.status] || server.status, server.message].filter(Boolean).join(": ");
    const percent = server.fraction === null ? "" : ` ${Math.floor(100 * server.fraction)} %`;
    return [(server.repeated ? `${labels.repeated} ` : "") + status + percent, server.fraction];
  }
}
