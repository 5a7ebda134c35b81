// Tells Python once when nobody has touched the page for a while.

const SIGNS = ["pointermove", "pointerdown", "keydown", "touchstart", "wheel"];
const TOLD_S = 10;
const clocks = new WeakMap();

function begin(root) {
  const abort = new AbortController();
  const clock = { last: performance.now(), abort, told: false };
  for (const sign of SIGNS) {
    document.addEventListener(sign, () => { clock.last = performance.now(); }, { signal: abort.signal, capture: true, passive: true });
  }
  const line = root.querySelector(".left");
  clock.timer = setInterval(() => {
    const left = Math.ceil(clock.data.after_s - (performance.now() - clock.last) / 1000);
    const text = left <= TOLD_S ? clock.data.text.replace("{seconds}", Math.max(left, 0)) : "";
    if (line.textContent !== text) line.textContent = text;
    if (left <= 0 && !clock.told) {
      clock.told = true;
      clock.setTriggerValue("idle", true);
    }
  }, 500);
  return clock;
}

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  let clock = clocks.get(parentElement);
  if (!clock) {
    clock = begin(parentElement);
    clocks.set(parentElement, clock);
  }
  Object.assign(clock, { data, setTriggerValue });
  return () => {
    clearInterval(clock.timer);
    clock.abort.abort();
    clocks.delete(parentElement);
  };
}
