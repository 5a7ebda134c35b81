// Sends a film in pieces, each acknowledged by the server, which says which one it wants next. So a broken line
// costs one piece, and a page that was reloaded goes on where the server is. All text is set by textContent.

const PIECE_BYTES = 8 * 1024 * 1024;
const uploaders = new WeakMap();

class Uploader {
  constructor(root) {
    this.root = root;
    for (const name of ["uploader", "label", "zone", "choose", "file", "hint", "transfer", "name", "resume", "cancel", "status"]) {
      this[name] = root.querySelector(`.${name}`);
    }
    this.bar = root.querySelector("progress");
    this.abort = new AbortController();
    this.run = 0;
    this.film = null;
    this.listen();
  }

  listen() {
    const { signal } = this.abort;
    const on = (target, name, handler) => target.addEventListener(name, handler, { signal });
    on(this.choose, "click", () => this.file.click());
    on(this.file, "change", () => { this.take(this.file.files); this.file.value = ""; });
    on(this.cancel, "click", () => this.drop());
    on(this.resume, "click", () => this.send());
    on(window, "online", () => { if (!this.resume.hidden) this.send(); });
    for (const name of ["dragenter", "dragover"]) {
      on(this.uploader, name, (event) => { event.preventDefault(); this.zone.classList.add("over"); });
    }
    on(this.uploader, "dragleave", () => this.zone.classList.remove("over"));
    on(this.uploader, "drop", (event) => {
      event.preventDefault();
      this.zone.classList.remove("over");
      if (!this.zone.hidden) this.take(event.dataTransfer.files);
    });
    on(this.uploader, "keydown", (event) => { if (event.key.length === 1) event.stopPropagation(); });
  }

  update(data, setStateValue) {
    this.data = data;
    this.setStateValue = setStateValue;
    const { labels } = data;
    this.uploader.setAttribute("aria-label", data.label);
    this.label.textContent = data.label;
    this.choose.textContent = labels.choose;
    this.hint.textContent = labels.hint;
    this.resume.textContent = labels.resume;
    this.bar.setAttribute("aria-label", labels.progress);
    this.file.accept = data.types.map((type) => `.${type}`).join(",");
    if (!this.source && data.arrived) this.showArrived(data.arrived);
    if (!this.source && !data.arrived) this.showChoice();
  }

  take(files) {
    if (!files.length) return;
    const { labels, types, max_bytes: limit, token } = this.data;
    const file = files[0];
    const problem =
      (files.length > 1 && labels.several) ||
      (!types.includes(file.name.split(".").pop().toLowerCase()) && labels.wrong_type) ||
      (file.size === 0 && labels.empty) ||
      (file.size > limit && labels.too_large);
    if (problem) {
      this.say(problem, true);
      return;
    }
    this.source = file;
    this.token = recall()[identity(file)] || token;
    this.send();
  }

  async send() {
    const run = ++this.run;
    const isWanted = () => run === this.run;
    const file = this.source;
    this.line = this.lineTo(this.token, isWanted);
    this.showTransfer(file);
    try {
      let { next } = await this.whereToGoOn(isWanted);
      while (next * PIECE_BYTES < file.size && isWanted()) next = (await this.put(file, next, isWanted)).next;
      if (!isWanted()) return;
      const { sha256 } = await this.line.complete(file.size);
      if (!isWanted()) return;
      if (!sha256) throw new Error("the server counts other bytes");
      this.finish(file, sha256);
    } catch (error) {
      if (isWanted()) this.fail(error);
    }
  }

  lineTo(token, isWanted) {
    return new PieceLine(token, { isWanted, onTrouble: () => this.say(this.data.labels.retrying, true) });
  }

  // A token from before a reload may be gone, with its server or its time; then it is begun anew with today's.
  async whereToGoOn(isWanted) {
    try {
      return await this.line.whereToGoOn();
    } catch (error) {
      if (!(error instanceof Refused) || this.token === this.data.token) throw error;
      this.token = this.data.token;
      this.line = this.lineTo(this.token, isWanted);
      return await this.line.whereToGoOn();
    } finally {
      if (this.source) remember(identity(this.source), this.token);
    }
  }

  put(file, number, isWanted) {
    const from = number * PIECE_BYTES;
    return this.line.put(number, file.slice(from, from + PIECE_BYTES), (sent) => {
      if (isWanted()) this.showProgress(from + sent, file.size);
    });
  }

  finish(file, sha256) {
    remember(identity(file), null);
    const film = { token: this.token, name: file.name, size: file.size, sha256 };
    this.showArrived(film);
    this.setStateValue("film", film);
  }

  fail(error) {
    if (error instanceof Refused && error.message) {
      remember(identity(this.source), null);
      this.source = null;
      this.showChoice();
      this.say(error.message, true);
      return;
    }
    this.resume.hidden = false;
    this.say(this.data.labels.broken, true);
    this.resume.focus();
  }

  drop() {
    this.run += 1;
    this.line?.abort();
    const token = this.token || this.data.arrived?.token;
    if (this.source) remember(identity(this.source), null);
    if (token) fetch(`/api/upload/${token}`, { method: "DELETE" }).catch(() => {});
    const wasWhole = this.whole;
    this.source = null;
    this.showChoice();
    this.choose.focus();
    if (wasWhole) this.setStateValue("film", null);
    else this.say(this.data.labels.cancelled);
  }

  showChoice() {
    this.whole = false;
    this.zone.hidden = false;
    this.transfer.hidden = true;
    if (!this.status.classList.contains("trouble")) this.say("");
  }

  showTransfer(file) {
    this.whole = false;
    this.zone.hidden = true;
    this.transfer.hidden = false;
    this.bar.hidden = false;
    this.resume.hidden = true;
    this.name.textContent = file.name;
    this.cancel.textContent = this.data.labels.cancel;
    this.say("");
  }

  showProgress(bytes, size) {
    const share = Math.min(bytes / size, 1);
    this.bar.value = share;
    this.say(fill(this.data.labels.sent, { percent: Math.floor(100 * share), size: megabytes(size) }));
  }

  showArrived(film) {
    this.whole = true;
    this.zone.hidden = true;
    this.transfer.hidden = false;
    this.bar.hidden = true;
    this.resume.hidden = true;
    this.token = film.token;
    this.name.textContent = `✓ ${film.name}`;
    this.cancel.textContent = this.data.labels.remove;
    this.say(fill(this.data.labels.arrived, { size: megabytes(film.size) }));
  }

  say(text, trouble = false) {
    this.status.classList.toggle("trouble", trouble);
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  close() {
    this.run += 1;
    this.line?.abort();
    this.abort.abort();
  }
}

export default function (component) {
  const { parentElement, data, setStateValue } = component;
  let uploader = uploaders.get(parentElement);
  if (!uploader) {
    uploader = new Uploader(parentElement);
    uploaders.set(parentElement, uploader);
  }
  uploader.update(data, setStateValue);
  return () => {
    uploader.close();
    uploaders.delete(parentElement);
  };
}
