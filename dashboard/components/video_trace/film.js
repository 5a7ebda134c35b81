// The film: it goes exactly to the frame it is told and says which frame is on screen.
//
// A browser reports the presentation time of the frame that it really shows (requestVideoFrameCallback). Times are
// never made from a frame number and a rate: phones film at a variable one. Some containers do not begin at zero, so
// the time of the very first frame is taken as the origin.

const SPEEDS = [0.1, 0.25, 0.5, 1, 2];
const LATE_MS = 150;
const PATIENCE = 10; // times LATE_MS, before a film that reports nothing is taken to begin at zero

class Film {
  constructor(video, onFrame, onState) {
    this.video = video;
    this.onFrame = onFrame;
    this.onState = onState;
    this.feed = null;
    this.origin = null;
    this.wanted = null;
    this.shown = null;
    this.target = null;
    this.abort = new AbortController();
    const on = (name, handler) => video.addEventListener(name, handler, { signal: this.abort.signal });
    for (const name of ["play", "pause", "ended", "ratechange"]) on(name, () => this.onState());
    on("pause", () => this.rest());
    on("loadeddata", () => this.settle());
    on("seeked", () => this.settle());
    if ("requestVideoFrameCallback" in video) this.watch();
    else on("timeupdate", () => this.show(video.currentTime));
  }

  watch() {
    this.video.requestVideoFrameCallback((now, frame) => {
      if (this.abort.signal.aborted) return;
      if (this.origin === null || this.originAssumed) this.origin = frame.mediaTime;
      this.originAssumed = false;
      this.show(frame.mediaTime);
      this.watch();
    });
  }

  // A hidden film reports no frames, and a busy browser may leave one out: then the film's clock must do. Where nothing
  // was reported yet the film is taken to begin at zero, until the first report says better.
  settle(patience = PATIENCE) {
    setTimeout(() => {
      if (this.abort.signal.aborted || this.video.seeking) return;
      if (this.shown !== null && this.target === null) return;
      if (this.origin === null && patience > 0) {
        this.settle(patience - 1);
        return;
      }
      if (this.origin === null) {
        this.origin = 0;
        this.originAssumed = true;
      }
      this.show(this.video.currentTime);
    }, LATE_MS);
  }

  // A film that is stopped may show one frame more than it reported: put it on the frame that was reported.
  rest() {
    if (this.feed && this.target === null && this.index !== undefined) this.seekIndex(this.index);
  }

  open(url) {
    this.origin = null;
    this.originAssumed = false;
    this.shown = null;
    this.video.src = url;
  }

  useFeed(feed) {
    this.feed = feed;
    if (this.shown !== null) this.show(this.shown);
  }

  show(mediaTime) {
    this.shown = mediaTime;
    if (!this.feed || this.origin === null) return;
    if (this.wanted !== null) {
      const time = this.wanted;
      this.wanted = null;
      this.seek(time);
      return;
    }
    this.index = this.feed.indexAt(mediaTime - this.origin);
    if (this.playing || this.index === this.target) this.target = null;
    this.onFrame(this.index);
  }

  get playing() { return !this.video.paused && !this.video.ended; }

  // To the frame on screen at `time`, s from the first frame.
  seek(time) {
    if (!this.feed || this.origin === null) {
      this.wanted = time;
      return;
    }
    this.seekIndex(this.feed.indexAt(time));
  }

  seekIndex(index) {
    const target = clamp(index, 0, this.feed.count - 1);
    const time = this.origin + this.feed.middleOf(target);
    this.target = target;
    this.originAssumed = false;
    if (!this.video.src || !(this.video.readyState > 0)) {
      this.index = target;
      this.target = null;
      this.onFrame(target);
      return;
    }
    this.video.currentTime = time;
  }

  // Where the film is going, else where it is: keys come faster than a film can seek.
  get heading() { return this.target ?? this.index ?? 0; }

  get time() { return this.feed ? this.feed.time[this.heading] : 0; }

  step(count) {
    this.video.pause();
    if (this.feed) this.seekIndex(this.heading + count);
  }

  skip(seconds) {
    if (this.feed) this.seek(Math.max(this.feed.time[this.heading] + seconds, 0));
  }

  toggle() {
    if (this.video.paused) this.video.play().catch(() => this.onState());
    else this.video.pause();
  }

  changeSpeed(direction) {
    const place = SPEEDS.indexOf(this.video.playbackRate);
    this.setSpeed(SPEEDS[clamp((place < 0 ? SPEEDS.indexOf(1) : place) + direction, 0, SPEEDS.length - 1)]);
  }

  setSpeed(rate) {
    this.video.playbackRate = rate;
  }

  close() {
    this.abort.abort();
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
  }
}
