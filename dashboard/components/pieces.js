// The line to the server by which films go in pieces; used by the uploader and by the recorder. A piece that the server
// did not acknowledge is sent again; when the server wants another piece than the one sent, it says which.

const PIECE_PAUSES_MS = [300, 700, 1500, 3000];
const PIECE_SETTLING_MS = 200;
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

class Refused extends Error {
  constructor(status, body) {
    super(body.message || "");
    this.status = status;
    this.next = body.next;
  }
}

class PieceLine {
  // isWanted: false makes waiting and repeating end. onTrouble: told when a request is to be repeated.
  constructor(token, { isWanted, onTrouble }) {
    this.token = token;
    this.isWanted = isWanted;
    this.onTrouble = onTrouble;
  }

  whereToGoOn() {
    return this.withPatience(() => this.request("GET", ""));
  }

  put(number, body, onProgress = () => {}) {
    return this.withPatience(() => this.request("PUT", `/${number}`, body, onProgress));
  }

  complete(size) {
    return this.withPatience(() => this.request("POST", `?size=${size}`));
  }

  async withPatience(action) {
    for (const wait of [...PIECE_PAUSES_MS, null]) {
      try {
        return await action();
      } catch (error) {
        if (error instanceof Refused && error.status === 409 && error.next !== undefined) {
          await pause(PIECE_SETTLING_MS); // a cut piece may still be taken back
          return { next: error.next };
        }
        if (error instanceof Refused || wait === null || !this.isWanted()) throw error;
        this.onTrouble();
        await pause(wait);
      }
    }
    throw new Error("line");
  }

  request(method, rest, body = null, onProgress = () => {}) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      this.pending = request;
      request.open(method, `/api/upload/${this.token}${rest}`);
      request.responseType = "json";
      request.upload.onprogress = (event) => onProgress(event.loaded);
      request.onload = () => {
        const { status } = request;
        if (status === 200) resolve(request.response);
        else if (status === 400 || (status >= 500 && status !== 507)) reject(new Error("line"));
        else reject(new Refused(status, request.response || {}));
      };
      request.onerror = request.onabort = request.ontimeout = () => reject(new Error("line"));
      request.send(body);
    });
  }

  abort() {
    this.pending?.abort();
  }
}
