// The SPARQL editor: yasqe over the text field, completion from our own terms and names, answers put into the page.
// Without this file the form posts the query and the server shows the same answer.
const HISTORY = "bilim.sparql.history";
const KEPT = 30;
const form = document.getElementById("ask");
const field = document.getElementById("query");
const lang = document.documentElement.lang;
let terms = { classes: [], properties: [], propertiesOf: {}, prefixes: {} };
const labels = new Map(); // what is completed -> how it is told in the list
let marks = [];

const { Yasqe } = window;
Yasqe.registerAutocompleter({ name: "bilim", bulk: false, autoShow: true, persistenceId: null, isValidCompletionPosition, get, preProcessToken, postProcessSuggestion: (_, __, text) => text, postprocessHints });
Yasqe.defaults.autocompleters = ["bilim"];
const holder = document.getElementById("editor");
const editor = new Yasqe(holder, {
  value: field.value, showQueryButton: false, resizeable: false, persistenceId: null, createShareableLink: null,
  consumeShareLink: null, prefixCcApi: null, autocompleters: ["bilim"], lineWrapping: true, collapsePrefixesOnLoad: false,
  requestConfig: { endpoint: form.dataset.path },
});
field.hidden = true;
field.required = false;
editor.getInputField().setAttribute("aria-labelledby", "query-name");
// a field that takes Tab must also let it go (WCAG 2.1.2): Escape, then Tab
editor.setOption("extraKeys", {
  ...(typeof editor.getOption("extraKeys") === "object" ? editor.getOption("extraKeys") : {}),
  "Ctrl-Enter": () => form.requestSubmit(), "Cmd-Enter": () => form.requestSubmit(), "Ctrl-Space": () => editor.autocomplete(),
  Tab: false, "Shift-Tab": false,
});
for (const part of document.querySelectorAll(".scripted, .keys")) part.hidden = false;

function subjectBefore(text) {
  // the subject of the statement in which the text ends: what follows the last ".", "{" or "}" outside of strings and IRIs
  const bare = text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|<[^<>\s]*>/g, (part) => "_".repeat(part.length)).replace(/#[^\n]*/g, "");
  const statement = bare.split(/\.(?=\s)|[{}]/).at(-1).trim();
  return statement.split(/\s+/)[0];
}

function classOf(subject, text) {
  const name = subject.replace(/[?$]/g, "\\$&");
  return subject ? new RegExp(`${name}\\s+(?:[^.{}]*;\\s*)?a\\s+([\\w-]+:[\\w-]+)`).exec(text)?.[1] : undefined;
}

function place() {
  const cursor = editor.getCursor();
  const before = editor.getRange({ line: 0, ch: 0 }, cursor);
  const word = /[^\s{}()<>;,."']*$/u.exec(before)[0];
  const head = before.slice(0, before.length - word.length);
  const statement = head.replace(/"(?:[^"\\]|\\.)*"|<[^<>\s]*>/g, "x").split(/\.(?=\s)|[{}]/).at(-1);
  const clause = statement.split(";").at(-1).trim().split(/\s+/).filter(Boolean);
  const first = statement.includes(";") ? 0 : 1;
  return { cursor, before, word, clause, atProperty: clause.length === first, afterType: clause.at(-1) === "a" || clause.at(-1) === "rdf:type" };
}

function isValidCompletionPosition() {
  const { word, before, afterType, atProperty } = place();
  if (/[?$@\d]/.test(word[0] ?? "") || /#[^\n]*$/.test(before)) return false;
  if (/["'][^"'\n]*$/.test(before.split("\n").at(-1)) && (before.split("\n").at(-1).match(/["']/g).length % 2)) return false;
  return word.length >= 2 || ((afterType || atProperty) && /\s$/.test(before) && /[{;.]\s*$|\ba\s+$|\?\w+\s+$/.test(before) && before.includes("{"));
}

function preProcessToken(_, token) {
  const { word, cursor } = place();
  return { ...token, string: word, autocompletionString: word, from: { line: cursor.line, ch: cursor.ch - word.length }, to: cursor };
}

async function get() {
  const { before, word, afterType, atProperty } = place();
  const typed = word.toLowerCase();
  const fits = ([name, label]) => !typed || name.toLowerCase().includes(typed) || label.toLowerCase().includes(typed);
  const listed = (rows) => rows.filter(fits).slice(0, 60).map(([name, label, count]) => { labels.set(name, `${name} — ${label || "?"} (${count})`); return name; });
  if (afterType) return listed(terms.classes);
  const found = [];
  if (atProperty) {
    const known = terms.propertiesOf[classOf(subjectBefore(before), editor.getValue())];
    found.push(...listed(known ? terms.properties.filter(([name]) => known.includes(name)) : terms.properties));
  }
  const text = word.replace(/^\w+:/, "").replace(/-/g, " ");
  if (!atProperty && text.length >= 3) {
    const query = new URLSearchParams({ q: text, limit: "10", clang: lang });
    const answer = await fetch(`/api/v1/suggest?${query}`);
    if (answer.ok) {
      for (const item of (await answer.json()).data) {
        const prefix = Object.entries(terms.prefixes).find(([, space]) => item.id === space + item.slug)?.[0];
        const name = prefix ? `${prefix}:${item.slug}` : `<${item.id}>`;
        labels.set(name, `${item.label || item.slug} — ${name}`);
        found.push(name);
      }
    }
  }
  return found;
}

function postprocessHints(_, hints) {
  return hints.map((hint) => ({ ...hint, displayText: labels.get(hint.text) || hint.text }));
}

function unmark() {
  marks.forEach((mark) => mark());
  marks = [];
}

function mark(section) {
  unmark();
  if (!section.dataset.line) return;
  const line = Number(section.dataset.line) - 1;
  const ch = Number(section.dataset.column) - 1;
  editor.addLineClass(line, "background", "fault-line");
  const text = editor.getLine(line) ?? "";
  const from = Math.min(ch, Math.max(text.length - 1, 0));
  const range = editor.markText({ line, ch: from }, { line, ch: Math.max(from + 1, from + (/^\S+/.exec(text.slice(from))?.[0].length ?? 1)) }, { className: "fault-mark" });
  marks = [() => editor.removeLineClass(line, "background", "fault-line"), () => range.clear()];
  editor.scrollIntoView({ line, ch: from });
}

function stored() {
  try { return JSON.parse(localStorage.getItem(HISTORY)) ?? []; } catch { return []; }
}

function remember(text) {
  const list = [text, ...stored().filter((other) => other !== text)].slice(0, KEPT);
  try { localStorage.setItem(HISTORY, JSON.stringify(list)); } catch { /* full, or forbidden: nothing is kept */ }
  listHistory();
}

function listHistory() {
  const select = document.getElementById("history");
  select.replaceChildren(select.options[0], ...stored().map((text, i) => new Option(text.replace(/\s+/g, " ").slice(0, 80), String(i))));
}

async function ask(event) {
  if (document.getElementById("format").value) { field.value = editor.getValue(); return; } // a download: the browser's business
  event.preventDefault();
  const text = editor.getValue();
  if (!text.trim()) return;
  const section = document.getElementById("result");
  section.setAttribute("aria-busy", "true");
  const body = new URLSearchParams({ query: text });
  try {
    const answer = await fetch(`${form.dataset.path}?lang=${lang}`, { method: "POST", body, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("result");
    section.replaceWith(fresh);
    mark(fresh);
    if (answer.ok) {
      const link = `${form.dataset.path}?${new URLSearchParams({ query: text, lang })}`;
      if (link.length < 8000) history.replaceState(null, "", link);
      remember(text);
    }
  } finally {
    document.getElementById("result").removeAttribute("aria-busy");
  }
}

editor.on("change", unmark);
form.addEventListener("submit", ask);
document.getElementById("history").addEventListener("change", ({ target }) => { if (target.value) editor.setValue(stored()[Number(target.value)]); });
document.getElementById("forget").addEventListener("click", () => { localStorage.removeItem(HISTORY); listHistory(); });
document.getElementById("example").addEventListener("change", async ({ target }) => {
  if (!target.value) return;
  const answer = await fetch(`/queries/${target.value}?lang=${lang}`, { headers: { Accept: "application/json" } });
  const { data } = await answer.json();
  editor.setValue(data.example ?? data.query);
});
listHistory();
mark(document.getElementById("result"));
function declare(prefixes) {
  // the endpoint knows these without a declaration; yasqe's grammar would mark each of them as undefined
  const mode = editor.getMode();
  const start = mode.startState;
  mode.startState = (...given) => {
    const state = start(...given);
    Object.assign(state.prefixes, prefixes);
    return state;
  };
  const size = editor.getOption("tabSize");
  for (const each of [size + 1, size]) editor.setOption("tabSize", each); // what is read is forgotten, nothing is changed
  editor.checkSyntax();
}

fetch(`/sparql/completions?lang=${lang}&clang=${lang}`).then((answer) => answer.json()).then(({ data }) => { terms = data; declare(data.prefixes); form.dataset.ready = "1"; });
