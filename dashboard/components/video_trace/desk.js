// What the reviewer decides. Every decision is written to the store at once, one after the other in the order of the
// keys; what comes back is the state of the whole review, which is all that is shown.

const REVIEWER_KEY = "eye-review-reviewer";

class Desk {
  constructor(root, onState, onSaved) {
    this.root = root;
    this.onState = onState;
    this.onSaved = onSaved;
    this.queue = Promise.resolve();
    this.find = (name) => root.querySelector(name);
    this.reviewer = this.find(".reviewer");
    this.reviewer.value = sessionStorage.getItem(REVIEWER_KEY) || "";
    this.reviewer.addEventListener("input", () => sessionStorage.setItem(REVIEWER_KEY, this.reviewer.value.trim()));
    this.reviewer.addEventListener("keydown", (event) => { if (event.key === "Enter") this.continue(); });
    this.find(".accept").addEventListener("click", () => this.accept());
    this.find(".reject").addEventListener("click", () => this.reject());
    this.find(".undo").addEventListener("click", () => this.send({ action: "undo" }));
    this.find(".add").addEventListener("click", () => this.onAdd());
    this.find(".sign").addEventListener("click", () => this.askToSign());
    this.find(".reopen").addEventListener("click", () => this.askToReopen());
    this.find(".reasons").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.reject(button.dataset.reason);
    });
    this.dialog = this.find(".ask");
    this.dialog.addEventListener("close", () => this.answered());
  }

  open(url) {
    this.url = url;
    this.request("GET");
  }

  label(labels) {
    this.labels = labels;
    const texts = {
      ".accept": "accept", ".reject": "reject", ".undo": "undo", ".add": "add_blink",
      ".mark-in": "mark_in", ".mark-out": "mark_out", ".segment": "mark_segment", ".sign": "sign",
      ".reopen": "reopen", ".reviewer-label": "reviewer", ".reasons-title": "why_rejected",
      ".ask .cancel": "cancel",
    };
    for (const [selector, name] of Object.entries(texts)) this.find(selector).textContent = labels[name];
    this.find(".reasons-row").replaceChildren(...labels.reasons.map(([code, text], place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.reason = code;
      button.textContent = `${place + 1} ${text}`;
      return button;
    }));
  }

  get signed() { return Boolean(this.state && this.state.signature); }

  pick(event) {
    this.picked = event || null;
    this.draw();
  }

  accept() {
    if (this.picked) this.send({ action: "accept", event_id: this.picked.id });
  }

  reject(reason = this.labels.reasons[0][0]) {
    if (this.picked) this.send({ action: "reject", event_id: this.picked.id, reason });
  }

  // Key 1 to 5: the reason of the rejected event that is chosen.
  reasonNumber(number) {
    const reason = this.labels.reasons[number - 1];
    if (reason && this.picked && this.picked.status === "rejected") this.reject(reason[0]);
  }

  addBlink(start, end) { this.send({ action: "add", start_s: start, end_s: end }); }

  // The decision waits until the reviewer has said who decides.
  send(decision) {
    const reviewer = this.reviewer.value.trim();
    if (!reviewer) {
      this.waiting = decision;
      this.say(this.labels.who, true);
      this.reviewer.focus();
      return;
    }
    this.queue = this.queue.then(() => this.request("POST", { ...decision, reviewer }));
  }

  continue() {
    const { waiting } = this;
    this.waiting = null;
    if (waiting && this.reviewer.value.trim()) this.send(waiting);
    this.onDone();
  }

  async request(method, content) {
    const options = { method };
    if (content) {
      options.headers = { "Content-Type": "application/json" };
      options.body = JSON.stringify(content);
    }
    try {
      const response = await fetch(this.url, options);
      const answer = await response.json().catch(() => ({ message: this.labels.reload }));
      if (!response.ok) {
        this.say(answer.message, true);
        return;
      }
      this.say("");
      this.state = answer;
      this.draw();
      this.onState(answer);
      if (content) this.onSaved(answer.decisions);
    } catch {
      this.say(this.labels.not_saved, true);
    }
  }

  say(text, urgent = false) {
    const line = this.find(".desk-message");
    line.textContent = text;
    line.classList.toggle("urgent", urgent);
  }

  draw() {
    if (!this.labels || !this.state) return;
    const { labels, state } = this;
    const { signed } = this;
    const current = this.picked && state.events.find((event) => event.id === this.picked.id);
    this.picked = current || null;
    for (const name of [".accept", ".reject"]) this.find(name).disabled = signed || !current;
    this.find(".undo").disabled = signed || !state.undo;
    this.find(".add").disabled = signed || !this.marked;
    this.find(".segment").disabled = !this.marked;
    this.find(".sign").hidden = signed;
    this.find(".reopen").hidden = !signed;
    this.find(".reasons").hidden = signed || !current || current.status !== "rejected" || current.reason === "depends";
    for (const button of this.root.querySelectorAll(".reasons button")) {
      button.setAttribute("aria-pressed", String(Boolean(current) && button.dataset.reason === current.reason));
    }
    const badge = this.find(".signature");
    badge.hidden = !signed;
    if (signed) {
      const { reviewer, signed_at: at, analysis_version: version } = state.signature;
      badge.textContent = fill(labels.signed_by, { reviewer, at: new Date(at * 1000).toLocaleString(document.documentElement.lang || "en"), version });
    }
    this.find(".decided").textContent = fill(labels.decided, state.counts);
  }

  setMarked(marked) {
    this.marked = marked;
    this.draw();
  }

  askToSign() {
    const question = fill(this.labels.sign_question, { ...this.state.counts, reviewer: this.reviewer.value.trim() || "…" });
    this.ask(question, this.labels.sign, false, () => this.send({ action: "sign" }));
  }

  askToReopen() {
    this.ask(this.labels.reopen_question, this.labels.reopen, true, (reason) => this.send({ action: "reopen", reason }));
  }

  ask(question, yes, withReason, then) {
    this.then = then;
    this.find(".question").textContent = question;
    this.dialog.setAttribute("aria-label", yes);
    const reason = this.find(".ask input");
    reason.hidden = !withReason;
    reason.required = withReason;
    reason.value = "";
    reason.setAttribute("aria-label", question);
    this.find(".ask .yes").textContent = yes;
    this.dialog.returnValue = "";
    this.dialog.showModal();
  }

  answered() {
    if (this.dialog.returnValue === "yes") this.then(this.find(".ask input").value);
    this.onDone();
  }
}
