// How events, stretches and inks look. Okabe-Ito's colours; a shape or a hatch always says the same without colour.

const KINDS = {
  blinks: { row: 0, shape: "■", ink: "#E69F00" },
  saccades: { row: 1, shape: "▲", ink: "#009E73" },
  square_wave_jerks: { row: 2, shape: "◆", ink: "#CC79A7" },
};

function inksOf(element, theme) {
  const style = getComputedStyle(element);
  const dark = theme === "dark";
  return {
    text: style.getPropertyValue("--st-text-color").trim() || (dark ? "#fff" : "#000"),
    ground: style.getPropertyValue("--st-background-color").trim() || (dark ? "#10151b" : "#fff"),
    panel: style.getPropertyValue("--st-secondary-background-color").trim() || "#eee",
    rule: dark ? "rgba(228, 234, 240, 0.16)" : "rgba(38, 49, 60, 0.13)",
    primary: style.getPropertyValue("--st-primary-color").trim() || "#0b5cad",
    left: dark ? "#56B4E9" : "#0072B2",
    right: dark ? "#FF8B3D" : "#D55E00",
    onFilm: { left: "#56B4E9", right: "#FF8B3D" },
    vertical: dark ? "#E4EAF0" : "#26313C",
    horizontal: dark ? "#E59BC5" : "#A8487F",
    target: dark ? "#F0E442" : "#7A6A00",
    band: "rgba(86, 180, 233, 0.15)",
    lost: dark ? "rgba(160, 172, 184, 0.22)" : "rgba(122, 135, 148, 0.26)",
    font: `12px ${style.getPropertyValue("--st-font").trim() || "sans-serif"}`,
  };
}

const hatches = new Map();

// Diagonal lines, the sign for "does not count".
function hatch(context, ink) {
  if (!hatches.has(ink)) {
    const tile = document.createElement("canvas");
    tile.width = 7;
    tile.height = 7;
    const pen = tile.getContext("2d");
    pen.strokeStyle = ink;
    pen.lineWidth = 1.4;
    for (const shift of [-7, 0, 7]) {
      pen.beginPath();
      pen.moveTo(shift, 7);
      pen.lineTo(shift + 7, 0);
      pen.stroke();
    }
    hatches.set(ink, tile);
  }
  return context.createPattern(hatches.get(ink), "repeat");
}

// One event as a stretch over a lane. `x` turns seconds into px of the canvas.
function drawStretch(context, event, x, top, height, selected, inks) {
  const from = x(event.start_s);
  const width = Math.max(x(event.end_s) - from, 1.5);
  const rejected = event.status === "rejected";
  context.globalAlpha = event.kind === "blinks" ? 0.3 : 0.2;
  if (rejected) context.globalAlpha = 0.6;
  context.fillStyle = rejected ? hatch(context, KINDS[event.kind].ink) : KINDS[event.kind].ink;
  context.fillRect(from, top, width, height);
  context.globalAlpha = 1;
  if (selected) {
    context.strokeStyle = inks.primary;
    context.lineWidth = 2 * (window.devicePixelRatio || 1);
    context.setLineDash([]);
    context.strokeRect(from, top, width, height);
  }
}

// One event as a mark in its row of the event lane, in css px.
function drawMark(context, event, x, top, height, selected, inks) {
  const from = x(event.start_s);
  const width = Math.max(x(event.end_s) - from, 7);
  const rejected = event.status === "rejected";
  context.fillStyle = rejected ? hatch(context, KINDS[event.kind].ink) : KINDS[event.kind].ink;
  context.fillRect(from, top, width, height);
  if (rejected || event.status !== "measured") {
    context.strokeStyle = inks.text;
    context.lineWidth = 1;
    context.strokeRect(from + 0.5, top + 0.5, width - 1, height - 1);
  }
  if (event.status === "accepted" || event.status === "added") {
    context.fillStyle = inks.text;
    context.textAlign = "center";
    context.textBaseline = "bottom";
    context.fillText(event.status === "added" ? "+" : "✓", from + width / 2, top + height + 1);
  }
  if (selected) {
    context.strokeStyle = inks.primary;
    context.lineWidth = 2.5;
    context.strokeRect(from - 2.5, top - 2.5, width + 5, height + 5);
  }
}
