// What the parts that upload share: texts with places, sizes, and which upload a file belongs to after a reload.

const MEMORY = "eye-uploads";

const megabytes = (bytes) => (bytes / 1024 / 1024).toFixed(bytes < 10 * 1024 * 1024 ? 1 : 0);
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const identity = (file, path = file.name) => `${path}|${file.size}|${file.lastModified}`;

function recall() {
  try { return JSON.parse(sessionStorage.getItem(MEMORY)) || {}; } catch { return {}; }
}

function remember(key, token) {
  const known = recall();
  if (token) known[key] = token;
  else delete known[key];
  try { sessionStorage.setItem(MEMORY, JSON.stringify(known)); } catch { /* no resuming after a reload, then */ }
}
