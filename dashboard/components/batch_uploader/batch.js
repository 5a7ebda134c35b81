// Sends the films of a folder one after the other, each in pieces (pieces.js). While one is being stored, the next is on
// its way; the analysis goes on by itself. One that fails is told in its row and does not keep the others.

const PIECE_BYTES = 8 * 1024 * 1024;
const POLL_MS = 2000;
const BATCH_MEMORY = "eye-batch";
const batches = new WeakMap();
const PARTS = [
  "batch", "label", "zone", "folder", "films", "folder-input", "films-input", "hint", "rules", "rule-label", "rule",
  "one-label", "one", "days", "left-out", "scroll", "actions", "start", "stop", "cancel", "clear", "whole", "status",
];

class Batch {
  constructor(root) {
    this.part = Object.fromEntries(PARTS.map((name) => [name, root.querySelector(`.${name}`)]));
    this.abort = new AbortController();
    this.run = 0;
    this.isRunning = false;
    this.rows = [];
    this.leftOut = [];
    this.storing = Promise.resolve();
    this.table = new Table(root.querySelector("table"), {
      onEdit: () => this.showActions(),
      onRemove: (row) => { this.rows = this.rows.filter((other) => other !== row); this.show(); },
    });
    this.listen();
  }

  listen() {
    const { part } = this;
    const on = (target, name, handler) => target.addEventListener(name, handler, { signal: this.abort.signal });
    on(part.folder, "click", () => part["folder-input"].click());
    on(part.films, "click", () => part["films-input"].click());
    for (const input of [part["folder-input"], part["films-input"]]) {
      on(input, "change", () => { this.add(filesOfInput(input)); input.value = ""; });
    }
    on(part.rule, "change", () => this.applyRule());
    on(part.one, "input", () => this.applyRule());
    on(part.start, "click", () => this.send());
    on(part.stop, "click", () => this.stop());
    on(part.cancel, "click", () => this.ask("/cancel").then((answer) => this.merge(answer.rows)).catch(() => {}));
    on(part.clear, "click", () => this.clear());
    for (const name of ["dragenter", "dragover"]) {
      on(part.batch, name, (event) => { event.preventDefault(); part.batch.classList.add("over"); });
    }
    on(part.batch, "dragleave", () => part.batch.classList.remove("over"));
    on(part.batch, "drop", async (event) => {
      event.preventDefault();
      part.batch.classList.remove("over");
      if (!this.isRunning) this.add(await filesOfDrop(event.dataTransfer));
    });
    on(part.batch, "keydown", (event) => { if (event.key.length === 1) event.stopPropagation(); });
    on(window, "beforeunload", (event) => { if (this.isRunning) event.preventDefault(); });
  }

  update(data) {
    const { part } = this;
    const isFirst = !this.data;
    this.data = data;
    const { labels } = data;
    part.batch.setAttribute("aria-label", labels.label);
    part.scroll.setAttribute("aria-label", labels.table);
    part.whole.setAttribute("aria-label", labels.whole);
    for (const name of ["label", "folder", "films", "hint", "days", "stop", "cancel", "clear"]) {
      part[name].textContent = labels[name];
    }
    part["rule-label"].firstElementChild.textContent = labels.rule;
    part["one-label"].firstElementChild.textContent = labels.one;
    const chosen = part.rule.value || "first";
    part.rule.replaceChildren(...Object.keys(CODE_RULES).map((name) => new Option(labels.rules[name], name)));
    part.rule.value = chosen;
    part["films-input"].accept = data.types.map((type) => `.${type}`).join(",");
    this.table.update(data);
    if (isFirst) this.recover();
    if (this.isRunning) this.showActions();
    else this.show();
  }

  // A page that was reloaded goes on with the batch from before, while the server knows it.
  async recover() {
    this.token = sessionStorage.getItem(`${BATCH_MEMORY}-${this.data.place}`) || this.data.token;
    try {
      this.merge((await this.ask("")).rows);
    } catch (error) {
      if (!(error instanceof Refused)) return;
      this.token = this.data.token;
    }
    sessionStorage.setItem(`${BATCH_MEMORY}-${this.data.place}`, this.token);
    if (this.rows.length && !this.isRunning) this.tell(this.data.labels.recovered);
    this.poll();
  }

  async ask(rest, content = null) {
    const asks = rest === "" ? {} : {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(content || {}),
    };
    const answer = await fetch(`/api/batch/${this.token}${rest}`, asks);
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Refused(answer.status, body);
    return body;
  }

  add(found) {
    const { types, max_bytes: limit, labels } = this.data;
    const known = new Set(this.rows.map((row) => row.key));
    found.sort((one, other) => one.path.localeCompare(other.path, undefined, { numeric: true }));
    for (const { file, path } of found) {
      const key = identity(file, path);
      if (!isFilm(path, types)) {
        this.leftOut.push(lastPart(path));
      } else if (known.has(key)) {
        const row = this.rows.find((other) => other.key === key);
        row.file = file;
      } else {
        const { day, named } = dayOf(path, file);
        const problem = (file.size === 0 && labels.empty) || (file.size > limit && labels.too_large) || "";
        const state = problem ? UNFIT : WAITING;
        this.rows.push({ key, file, path, size: file.size, day, dayNamed: named, code: "", state, problem });
      }
    }
    this.tell("");
    this.applyRule();
  }

  applyRule() {
    const { part } = this;
    part["one-label"].hidden = part.rule.value !== "one";
    const rule = CODE_RULES[part.rule.value];
    for (const row of this.rows) {
      if (isToSend(row) && !row.edited) row.code = rule(row.path, part.one.value.trim());
    }
    this.show();
  }

  ready() {
    return this.rows.filter((row) => isToSend(row) && row.file && VALID_CODE.test(row.code) && row.day);
  }

  async send() {
    const run = ++this.run;
    const isWanted = () => run === this.run;
    const { settings } = this.data;
    const queue = this.ready();
    for (const row of queue) row.state = WAITING;
    this.isRunning = true;
    this.tell("");
    this.show();
    this.poll();
    for (const row of queue) {
      if (!isWanted()) break;
      const isLineBroken = !(await this.sendOne(row, settings, isWanted));
      if (isLineBroken) break;
    }
    await this.storing;
    if (!isWanted()) return;
    this.isRunning = false;
    this.tell(this.summary(queue));
    this.show();
  }

  // False where the line to the server is broken, so that going on makes no sense.
  async sendOne(row, settings, isWanted) {
    try {
      const token = await this.transfer(row, isWanted);
      if (!isWanted()) return true;
      await this.storing;
      this.set(row, STORING);
      this.storing = this.store(row, token, settings);
      return true;
    } catch (error) {
      if (!isWanted()) return true;
      this.fail(row, error);
      return error instanceof Refused;
    } finally {
      if (!isWanted() && row.state === SENDING) this.set(row, STOPPED);
    }
  }

  async transfer(row, isWanted) {
    const { file } = row;
    this.set(row, SENDING, { share: 0 });
    let token = recall()[row.key];
    const line = () => new PieceLine(token, { isWanted, onTrouble: () => this.tell(this.data.labels.retrying, true) });
    const open = async () => { token = (await this.ask("/upload")).token; remember(row.key, token); };
    if (!token) await open();
    this.line = line();
    let place = await this.line.whereToGoOn().catch(async (error) => {
      if (!(error instanceof Refused)) throw error;
      await open(); // the upload from before a reload is gone
      this.line = line();
      return this.line.whereToGoOn();
    });
    while (place.next * PIECE_BYTES < file.size && isWanted()) {
      const from = place.next * PIECE_BYTES;
      place = await this.line.put(place.next, file.slice(from, from + PIECE_BYTES), (sent) => {
        this.set(row, SENDING, { share: Math.min((from + sent) / file.size, 1) });
        if (this.part.status.classList.contains("trouble")) this.tell("");
      });
    }
    if (isWanted()) await this.line.complete(file.size);
    return token;
  }

  async store(row, upload, settings) {
    const { key, path, code, day } = row;
    const content = { key, upload, name: lastPart(path), code, day, label: settings.label, parameters: settings.parameters };
    try {
      const server = await this.patiently(() => this.ask("/film", content));
      remember(key, null);
      this.set(row, TAKEN, { server });
    } catch (error) {
      this.fail(row, error);
    }
    this.showActions();
  }

  // Asked again where no answer came: the server takes each film once.
  async patiently(action) {
    for (const wait of [...PIECE_PAUSES_MS, null]) {
      try {
        return await action();
      } catch (error) {
        if (error instanceof Refused || wait === null) throw error;
        await pause(wait);
      }
    }
    throw new Error("line");
  }

  set(row, state, values = {}) {
    const isOther = row.state !== state;
    Object.assign(row, { state }, values);
    if (state === TAKEN) Object.assign(row, { code: row.server.code, day: row.server.day });
    const { line } = row;
    if (isOther && line) line.replaceWith(this.table.drawn(row));
    else this.table.say(row);
    this.showWhole();
    if (isOther && state === SENDING) row.line?.scrollIntoView({ block: "nearest" });
  }

  fail(row, error) {
    const isRefused = error instanceof Refused && error.message;
    this.set(row, FAILED, { problem: isRefused ? error.message : this.data.labels.broken });
  }

  stop() {
    this.run += 1;
    this.line?.abort();
    this.isRunning = false;
    for (const row of this.rows) {
      if (row.state === SENDING || (row.state === WAITING && VALID_CODE.test(row.code))) row.state = STOPPED;
    }
    this.tell(this.data.labels.stopped_all);
    this.show();
  }

  async clear() {
    this.rows = [];
    this.leftOut = [];
    this.tell("");
    this.show();
    await this.ask("/clear").catch(() => {});
  }

  // The server's rows: news of films that are here, and films that a page before this one had sent.
  merge(rows) {
    const mine = new Map(this.rows.map((row) => [row.key, row]));
    let hasNew = false;
    for (const server of rows) {
      const row = mine.get(server.key);
      if (row) {
        this.set(row, TAKEN, { server });
      } else {
        const { key, name, size_bytes: size, code } = server;
        this.rows.push({ key, path: key.split("|").slice(0, -2).join("|") || name, size, code, day: server.day, state: TAKEN, server });
        hasNew = true;
      }
    }
    if (hasNew) this.show();
    else this.showActions();
  }

  poll() {
    clearTimeout(this.timer);
    const isDue = this.isRunning || this.rows.some((row) => row.state === TAKEN && row.server.open);
    if (this.abort.signal.aborted || !isDue) return;
    this.timer = setTimeout(async () => {
      await this.ask("").then((answer) => this.merge(answer.rows)).catch(() => {});
      this.poll();
    }, POLL_MS);
  }

  summary(queue) {
    const sent = queue.filter((row) => row.state === TAKEN).length;
    const text = fill(this.data.labels.sent, { sent, total: queue.length });
    return sent === queue.length ? text : `${text} ${this.data.labels.not_all}`;
  }

  show() {
    const { part, data, rows } = this;
    const isEmpty = !rows.length;
    part.scroll.hidden = isEmpty;
    part.actions.hidden = isEmpty;
    part.rules.hidden = isEmpty || this.isRunning || !rows.some(isToSend);
    part.folder.disabled = part.films.disabled = this.isRunning;
    part["left-out"].hidden = !this.leftOut.length;
    const shown = this.leftOut.slice(0, 8).join(", ") + (this.leftOut.length > 8 ? ", …" : "");
    part["left-out"].textContent = fill(data.labels.left_out, { count: this.leftOut.length, names: shown });
    this.table.draw(rows, this.isRunning);
    this.showActions();
    this.showWhole();
  }

  showActions() {
    const { part, data } = this;
    const ready = this.ready();
    const bytes = ready.reduce((sum, row) => sum + row.size, 0);
    const patients = new Set(ready.map((row) => row.code)).size;
    part.start.hidden = this.isRunning;
    part.start.disabled = !ready.length || !data.settings;
    part.start.textContent = fill(data.labels.start, { films: ready.length, patients, size: megabytes(bytes) });
    part.stop.hidden = !this.isRunning;
    part.clear.hidden = this.isRunning;
    part.cancel.hidden = !this.rows.some((row) => row.state === TAKEN && row.server.open && !row.server.repeated);
    if (!this.isRunning && ready.length && !data.settings) this.tell(data.labels.needs_task);
    else if (part.status.textContent === data.labels.needs_task) this.tell("");
  }

  showWhole() {
    this.part.whole.hidden = !this.isRunning;
    const counted = this.rows.filter((row) => row.file && row.state !== UNFIT);
    const bytes = counted.reduce((sum, row) => sum + row.size, 0);
    const sent = counted.reduce((sum, row) => sum + row.size * this.share(row), 0);
    this.part.whole.value = bytes ? sent / bytes : 0;
  }

  share(row) {
    if (row.state === SENDING) return row.share;
    return [STORING, TAKEN, FAILED].includes(row.state) ? 1 : 0;
  }

  tell(text, isTrouble = false) {
    this.part.status.classList.toggle("trouble", isTrouble);
    if (this.part.status.textContent !== text) this.part.status.textContent = text;
  }

  close() {
    this.run += 1;
    this.line?.abort();
    clearTimeout(this.timer);
    this.abort.abort();
  }
}

export default function (component) {
  const { parentElement, data } = component;
  let batch = batches.get(parentElement);
  if (!batch) {
    batch = new Batch(parentElement);
    batches.set(parentElement, batch);
  }
  batch.update(data);
  return () => {
    batch.close();
    batches.delete(parentElement);
  };
}
