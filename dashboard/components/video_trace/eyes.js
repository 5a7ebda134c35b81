// What the tracker saw, drawn over what the camera saw: so that a person can judge the tracking with their own eyes.
// A circle of the measured iris on the film, and each eye enlarged. An enlarged eye stays where the head is, not
// where the iris is, so that the movement of the iris is seen.

const HEAD_TIME_S = 0.75;
const CLOSE_UP_IRISES = 4.2;
const SIDES = [["left", "L"], ["right", "R"]];

function medianAround(feed, name, index) {
  const values = [];
  const middle = feed.time[index];
  for (let i = index; i >= 0 && middle - feed.time[i] <= HEAD_TIME_S; i -= 1) values.push(feed.arrays[name][i]);
  for (let i = index + 1; i < feed.count && feed.time[i] - middle <= HEAD_TIME_S; i += 1) {
    values.push(feed.arrays[name][i]);
  }
  const known = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return known.length ? known[known.length >> 1] : null;
}

class Eyes {
  constructor(video, overlay, closeUps) {
    this.video = video;
    this.overlay = overlay;
    this.closeUps = closeUps;
    this.visible = true;
  }

  update(feed, inks, labels) {
    Object.assign(this, { feed, inks, labels });
    // In the picture's own order: the patient's right eye is usually on its left.
    const place = (side) => {
      const xs = feed.arrays[`${side}_iris_x`];
      return xs.find((value) => !Number.isNaN(value)) || 0;
    };
    const first = place("left") < place("right") ? "left" : "right";
    for (const figure of this.closeUps.children) figure.style.order = figure.dataset.side === first ? 0 : 1;
  }

  iris(side, index) {
    const [x, y, diameter] = ["x", "y", "diameter"].map((part) => this.feed.value(`${side}_iris_${part}`, index));
    return x === null || y === null || diameter === null ? null : { x, y, diameter };
  }

  // Scale and offset of the film inside its box, where black bars may stand beside it.
  fit() {
    const { clientWidth: boxWidth, clientHeight: boxHeight, videoWidth, videoHeight } = this.video;
    const scale = Math.min(boxWidth / videoWidth, boxHeight / videoHeight);
    const measuredWidth = this.feed.video_width_px || videoWidth;
    return {
      scale: (scale * videoWidth) / measuredWidth,
      left: (boxWidth - scale * videoWidth) / 2,
      top: (boxHeight - scale * videoHeight) / 2,
    };
  }

  draw(index) {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.video;
    if (this.overlay.width !== Math.round(width * ratio) || this.overlay.height !== Math.round(height * ratio)) {
      this.overlay.width = Math.round(width * ratio);
      this.overlay.height = Math.round(height * ratio);
    }
    const canvas = this.overlay.getContext("2d");
    canvas.setTransform(ratio, 0, 0, ratio, 0, 0);
    canvas.clearRect(0, 0, width, height);
    if (!this.feed || !this.visible || !this.video.videoWidth) return;
    const { scale, left, top } = this.fit();
    for (const [side, letter] of SIDES) {
      const iris = this.iris(side, index);
      if (!iris) continue;
      const radius = (iris.diameter * scale) / 2;
      this.circle(canvas, side, left + iris.x * scale, top + iris.y * scale, radius);
      this.letter(canvas, letter, left + iris.x * scale, top + iris.y * scale - radius * 2.6 - 8);
    }
    for (const figure of this.closeUps.children) this.closeUp(figure, index, ratio);
  }

  circle(canvas, side, x, y, radius) {
    const inked = [1.8, this.inks.onFilm[side], side === "left" ? [] : [5, 3]];
    for (const [width, ink, dash] of [[3.5, "rgba(0, 0, 0, 0.55)", []], inked]) {
      canvas.lineWidth = width;
      canvas.strokeStyle = ink;
      canvas.setLineDash(dash);
      canvas.beginPath();
      canvas.arc(x, y, radius, 0, 2 * Math.PI);
      canvas.moveTo(x - 4, y);
      canvas.lineTo(x + 4, y);
      canvas.moveTo(x, y - 4);
      canvas.lineTo(x, y + 4);
      canvas.stroke();
    }
    canvas.setLineDash([]);
  }

  letter(canvas, letter, x, y) {
    canvas.font = "600 13px sans-serif";
    canvas.textAlign = "center";
    canvas.lineWidth = 3;
    canvas.strokeStyle = "rgba(0, 0, 0, 0.7)";
    canvas.strokeText(letter, x, y);
    canvas.fillStyle = "#fff";
    canvas.fillText(letter, x, y);
  }

  closeUp(figure, index, ratio) {
    const { side } = figure.dataset;
    const canvas = figure.querySelector("canvas");
    const note = figure.querySelector("figcaption");
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width || !height) return;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, width, height);
    const middle = ["x", "y", "diameter"].map((part) => medianAround(this.feed, `${side}_iris_${part}`, index));
    const iris = this.iris(side, index);
    const name = side === "left" ? this.labels.left_eye : this.labels.right_eye;
    note.textContent = iris ? name : `${name}: ${this.labels.not_measured}`;
    if (middle.includes(null)) return;
    const film = this.video.videoWidth / (this.feed.video_width_px || this.video.videoWidth);
    const span = middle[2] * CLOSE_UP_IRISES;
    const zoom = width / span;
    const left = middle[0] - span / 2;
    const top = middle[1] - height / zoom / 2;
    const cut = [left, top, span, height / zoom].map((length) => length * film);
    context.drawImage(this.video, ...cut, 0, 0, width, height);
    if (iris) this.circle(context, side, (iris.x - left) * zoom, (iris.y - top) * zoom, (iris.diameter * zoom) / 2);
  }
}
