// Which films lie in a folder, and what their names say about patient and day. No rule is applied unseen: the table
// shows what came of it, and every code and date can be corrected there.

const VALID_CODE = /^[A-Za-z0-9_-]{1,64}$/;
const DATE_IN_NAME = /(?:^|\D)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)/;

const lastPart = (path) => path.split("/").pop();
const folderOf = (path) => path.split("/").slice(-2, -1)[0] || "";
const stemOf = (path) => lastPart(path).replace(/\.[^.]*$/, "");

const CODE_RULES = {
  first: (path) => stemOf(path).split(/[_\s.]/)[0],
  last: (path) => stemOf(path).split(/[_\s.]/).pop(),
  stem: stemOf,
  folder: folderOf,
  one: (path, typed) => typed,
};

const isoDay = (date) =>
  [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0")).join("-");

// The day in the file's name, else in its folders', else the day on which the file was last changed.
function dayOf(path, file) {
  const today = isoDay(new Date());
  for (const part of path.split("/").reverse()) {
    const found = DATE_IN_NAME.exec(part);
    const day = found && `${found[1]}-${found[2]}-${found[3]}`;
    if (day && day <= today && isoDay(new Date(`${day}T12:00`)) === day) return { day, named: true };
  }
  const changed = isoDay(new Date(file.lastModified));
  return { day: changed > today ? today : changed, named: false };
}

const filesOfInput = (input) => [...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));

// Entries must be asked for before the first pause: the browser empties the drop after it.
async function filesOfDrop(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ file, path: file.name }));
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((done, fail) => entry.file(done, fail));
    found.push({ file, path: entry.fullPath.replace(/^\//, "") });
    return;
  }
  const reader = entry.createReader();
  const next = () => new Promise((done, fail) => reader.readEntries(done, fail));
  for (let part = await next(); part.length; part = await next()) {
    for (const child of part) await walk(child, found);
  }
}

// What the camera's or the computer's own files beside the films are called is of no interest: hidden ones too.
const isFilm = (path, types) => !lastPart(path).startsWith(".") && types.includes(path.split(".").pop().toLowerCase());
