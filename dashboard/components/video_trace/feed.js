// The traces of one recording as the server packs them: a JSON header and typed arrays behind it.

const ARRAY_TYPES = { f64: Float64Array, f32: Float32Array, i32: Int32Array };

class Feed {
  constructor(buffer) {
    const length = new DataView(buffer).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    const base = Math.ceil((4 + length) / 8) * 8;
    Object.assign(this, header.facts);
    this.arrays = {};
    for (const { name, type, offset, count } of header.arrays) {
      this.arrays[name] = new ARRAY_TYPES[type](buffer, base + offset, count);
    }
    this.time = this.arrays.time_s;
    this.frame = this.arrays.frame_idx;
    this.lines = new Map();
    let least = Infinity;
    for (let i = 1; i < this.time.length; i += 1) least = Math.min(least, this.time[i] - this.time[i - 1]);
    this.tolerance = Math.min(1e-3, Number.isFinite(least) ? least / 3 : 1e-3);
  }

  get count() { return this.time.length; }

  // One value, null where it was not measured.
  value(name, index) {
    const array = this.arrays[name];
    const value = array ? array[index] : NaN;
    return Number.isNaN(value) ? null : value;
  }

  // A channel for uPlot, which knows a gap as null.
  line(name) {
    if (!this.lines.has(name)) {
      this.lines.set(name, Array.from(this.arrays[name], (value) => (Number.isNaN(value) ? null : value)));
    }
    return this.lines.get(name);
  }

  // Position of the last sample that is on screen at `time`, s.
  indexAt(time) {
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.time[middle] <= time + this.tolerance) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  // The middle of a frame's time on screen: a seek to its edge may land on its neighbour.
  middleOf(index) {
    const next = index + 1 < this.count ? index + 1 : index - 1;
    if (next < 0) return this.time[index];
    const frames = Math.abs(this.frame[next] - this.frame[index]);
    return this.time[index] + Math.abs(this.time[next] - this.time[index]) / frames / 2;
  }
}

// "{a} of {b}" with its places filled in.
function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (place, name) => (name in values ? String(values[name]) : place));
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
