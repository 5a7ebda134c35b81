// Asks how far a job is and shows the answer; Python hears once, when the job has come to an end.
// Streamlit's own repetition (run_every) would do, but a repetition that is under way while a person opens
// another page leaves that page empty.

const POLL_MS = 700;
const feeds = new WeakMap();

class Feed {
  constructor(root) {
    this.stage = root.querySelector(".stage");
    this.bar = root.querySelector("progress");
    this.facts = root.querySelector(".facts");
    this.abort = new AbortController();
    this.told = false;
  }

  update(data, setTriggerValue) {
    const first = !this.data || this.data.url !== data.url;
    this.data = data;
    this.setTriggerValue = setTriggerValue;
    if (first) {
      this.told = false;
      this.show(data.first);
      this.bar.setAttribute("aria-label", data.label);
      this.schedule();
    }
  }

  show(message) {
    if (this.stage.textContent !== message.stage) this.stage.textContent = message.stage;
    this.facts.textContent = this.data.compact ? "" : message.facts;
    this.bar.value = message.fraction ?? 0;
  }

  schedule() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), POLL_MS);
  }

  async ask() {
    try {
      const response = await fetch(this.data.url, { signal: this.abort.signal });
      const message = response.ok ? await response.json() : null;
      if (message && message.open) this.show(message);
      else this.tell();
    } catch (error) {
      if (error.name === "AbortError") return;
    }
    if (!this.told) this.schedule();
  }

  tell() {
    if (this.told || this.abort.signal.aborted) return;
    this.told = true;
    this.setTriggerValue("finished", true);
  }

  close() {
    this.abort.abort();
    clearTimeout(this.timer);
  }
}

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  let feed = feeds.get(parentElement);
  if (!feed) {
    feed = new Feed(parentElement);
    feeds.set(parentElement, feed);
  }
  feed.update(data, setTriggerValue);
  return () => {
    feed.close();
    feeds.delete(parentElement);
  };
}
