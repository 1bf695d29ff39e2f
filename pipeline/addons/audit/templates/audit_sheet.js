// The sheet of an audit: answers by key, saved in the browser, exported as CSV. Data becomes text, never markup.
"use strict";
const byId = id => document.getElementById(id);
const { draw, columns, questions } = JSON.parse(byId("data").textContent);
const CORRECTED = ["partly", "wrong", "missing"];
const rows = [...document.querySelectorAll(".row")].map(section => ({
  section, name: section.dataset.row, sheet: blank(), ...JSON.parse(section.querySelector("script").textContent) }));
for (const question of questions) {
  question.fieldset = byId(`question-${question.name}`);
  question.radios = [...question.fieldset.querySelectorAll("input[type=radio]")];
  question.correction = question.fieldset.querySelector(".correction");
  question.input = question.correction?.querySelector("input");
}
const undone = []; // answers before they were changed, the last one last
let reader = "", at = 0, current = 0, isStored = true;

// What one reader answered about one row.
function blank() { return { answers: {}, corrections: {}, note: "" }; }
function answerOf(question, sheet) { return question.answers.find(each => each.name === sheet.answers[question.name]); }
function verdictOf(question, sheet) { return answerOf(question, sheet)?.verdict; }
function isCorrected(question, sheet) {
  return Boolean(question.column) && CORRECTED.includes(verdictOf(question, sheet));
}
function openQuestions(sheet) { // those before and at a gate that is not right; all, if there is no such gate
  const gate = questions.findIndex(each => each.isGate && !["right", undefined].includes(verdictOf(each, sheet)));
  return gate < 0 ? questions : questions.slice(0, gate + 1);
}
function isComplete({ sheet }) { return openQuestions(sheet).every(each => verdictOf(each, sheet)); }
function known(given) { // only what the questions know, of whatever was stored
  const sheet = blank();
  for (const question of questions) {
    const answer = question.answers.find(each => each.name === given?.answers?.[question.name]);
    if (answer) sheet.answers[question.name] = answer.name;
    const correction = given?.corrections?.[question.name];
    if (question.column && typeof correction === "string") sheet.corrections[question.name] = correction;
  }
  if (typeof given?.note === "string") sheet.note = given.note;
  return sheet;
}

// Storage: one entry per draw, reader and row.
const storeKey = (...names) => JSON.stringify(["newslake audit", draw, ...names]);
function warn(text) { byId("warning").textContent = text; byId("warning").hidden = !text; }
function store(key, value) {
  try { localStorage.setItem(key, value); isStored = true; warn(""); } catch {
    isStored = false;
    warn("This browser does not save your answers. Export them before you close or reload the page.");
  }
}
function stored(key) { try { return localStorage.getItem(key); } catch { return null; } }
function save(row) { store(storeKey(reader, row.name), JSON.stringify(row.sheet)); showProgress(); }
function load() {
  for (const row of rows) {
    let found = null;
    try { found = JSON.parse(stored(storeKey(reader, row.name))); } catch { /* not ours: as if there were none */ }
    row.sheet = known(found);
  }
}

// What the page shows.
function tell(text) { byId("message").textContent = text; }
function showProgress() {
  byId("progress").textContent = `${rows.filter(isComplete).length} of ${rows.length} rows complete`;
}
function showFacts(list, facts) {
  list.replaceChildren(...facts.flatMap(([label, value, meaning], place) => {
    const [term, fact, text] = ["dt", "dd", "bdi"].map(each => document.createElement(each));
    term.textContent = label;
    text.textContent = value || "empty";
    text.className = value ? (place ? "" : "judged") : "faint";
    fact.append(text);
    if (meaning) {
      const note = document.createElement("span");
      note.className = "faint meaning";
      note.textContent = meaning;
      fact.append(" ", note);
    }
    return [term, fact];
  }));
}
function showAnswers() {
  const { sheet } = rows[at], open = openQuestions(sheet);
  for (const question of questions) {
    question.fieldset.hidden = !open.includes(question);
    for (const radio of question.radios) radio.checked = radio.value === sheet.answers[question.name];
    if (!question.input) continue;
    question.correction.hidden = !isCorrected(question, sheet);
    question.input.value = sheet.corrections[question.name] ?? "";
  }
  byId("note").value = sheet.note;
}
function showRow(place, question = null) {
  const row = rows[at = place];
  rows.forEach((each, other) => { each.section.hidden = other !== at; });
  row.section.querySelector(".number").textContent = `Row ${at + 1} of ${rows.length}`;
  for (const each of questions) showFacts(each.fieldset.querySelector("dl"), row.facts[each.name]);
  showAnswers();
  scrollTo(0, 0);
  const open = openQuestions(row.sheet).findIndex(each => !verdictOf(each, row.sheet));
  showQuestion(question ?? Math.max(open, 0));
}
function showQuestion(place) {
  const { fieldset, radios } = questions[place];
  (radios.find(each => each.checked) ?? radios[0]).focus({ preventScroll: true });
  fieldset.scrollIntoView({ block: "nearest" });
}
function setCurrent(place) {
  current = place;
  questions.forEach((each, other) => each.fieldset.classList.toggle("current", other === place));
}

// What a reader does.
function answer(place, name) {
  const row = rows[at], question = questions[place];
  undone.push({ at, place, name: row.sheet.answers[question.name] });
  row.sheet.answers[question.name] = name;
  save(row);
  showAnswers();
}
function goOn() { // to the next question; after the last, to the next row that is not complete
  if (current + 1 < openQuestions(rows[at].sheet).length) return showQuestion(current + 1);
  const next = rows.map((_, step) => (at + 1 + step) % rows.length).find(each => !isComplete(rows[each]));
  if (next === undefined) return tell("All rows are complete: press e to export.");
  if (next !== at) return showRow(next);
  showQuestion(openQuestions(rows[at].sheet).findIndex(each => !verdictOf(each, rows[at].sheet)));
}
function moveRow(step) { if (rows[at + step]) showRow(at + step); }
function moveQuestion(step) { if (openQuestions(rows[at].sheet)[current + step]) showQuestion(current + step); }
function undo() {
  const last = undone.pop();
  if (!last) return tell("There is nothing to undo.");
  const row = rows[last.at], { name } = questions[last.place];
  if (last.name) row.sheet.answers[name] = last.name; else delete row.sheet.answers[name];
  save(row);
  showRow(last.at, last.place);
}
function correct() { // this question, else the one answered last
  const here = questions[current], last = undone.at(-1);
  if (!isCorrected(here, rows[at].sheet) && last && isCorrected(questions[last.place], rows[last.at].sheet)) {
    if (last.at !== at) showRow(last.at, last.place);
    else showQuestion(last.place);
  }
  if (isCorrected(questions[current], rows[at].sheet)) questions[current].input.focus();
  else tell("This answer takes no correction; n writes a note.");
}
function toggleText() {
  const details = rows[at].section.querySelector("details");
  if (!details) return;
  details.open = !details.open;
  if (details.open) requestAnimationFrame(() => details.scrollIntoView({ block: "start" }));
}
function showPage(row, details) { // made when it is opened: without scripts, links and requests
  details.querySelector("iframe")?.remove();
  if (!details.open) return;
  const found = new DOMParser().parseFromString(row.page, "text/html"), frame = document.createElement("iframe");
  found.querySelectorAll("script, style, link, meta, base, iframe, object, embed").forEach(each => each.remove());
  found.querySelectorAll("a, area, form").forEach(each => each.replaceWith(...each.childNodes)); // leave nowhere to go
  frame.setAttribute("sandbox", "");
  frame.title = "Archived page";
  frame.srcdoc = found.documentElement.outerHTML;
  details.append(frame);
  details.scrollIntoView({ block: "start" });
}

// CSV, as Python's csv module reads and writes it.
const plain = cell => /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell; // never a formula
const quoted = cell => /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
function cellsOf({ cells: [id, name, ...shown], sheet }) {
  const open = openQuestions(sheet);
  const given = questions.flatMap(each => {
    const answer = open.includes(each) ? sheet.answers[each.name] ?? "" : "";
    const correction = open.includes(each) && isCorrected(each, sheet) ? sheet.corrections[each.name] ?? "" : "";
    return each.column ? [answer, correction] : [answer];
  });
  return [id, name, ...shown.map(plain), ...given, sheet.note, reader];
}
function exportSheet() {
  const text = [columns, ...rows.map(cellsOf)].map(cells => `${cells.map(quoted).join(",")}\r\n`).join("");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
  link.download = `${draw}-${reader.replace(/[^\p{L}\p{N}_.-]+/gu, "_")}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  tell(`Exported ${link.download}.`);
}
function parseSheet(text) { // a spreadsheet may have written another separator
  const separator = [",", ";", "\t"].find(each => text.split("\n")[0].split(each).length > 2) ?? ",";
  const lines = [[]], others = `${separator}\\r\\n`;
  const cell = new RegExp(`(?:"([^"]*(?:""[^"]*)*)"|([^"${others}][^${others}]*)?)(${separator}|\\r?\\n|\\r|$)`, "y");
  while (cell.lastIndex < text.length) {
    const found = cell.exec(text);
    if (!found) return [];
    lines.at(-1).push(found[1]?.replaceAll('""', '"') ?? found[2] ?? "");
    if (found[3] !== separator) lines.push([]);
  }
  return lines;
}
function importSheet(text) {
  const [header, ...lines] = parseSheet(text.replace(/^\ufeff/, ""));
  const found = lines.map(cells => Object.fromEntries(header.map((name, place) => [name.trim(), cells[place] ?? ""])));
  const ours = found.filter(each => each.draw === draw);
  if (!ours.length) return tell("Nothing was imported: this is not the sheet of this draw.");
  const other = ours.find(each => each.reader && each.reader.trim() !== reader);
  if (other) return tell(`Nothing was imported: this is the sheet of ${other.reader.trim()}, not of ${reader}.`);
  const isFilled = each => each.note || questions.some(question => (each[question.name] ?? "").trim());
  const byName = new Map(ours.filter(isFilled).map(each => [each.row, each]));
  const taken = rows.filter(row => byName.has(row.name));
  const replaced = taken.filter(row => Object.keys(row.sheet.answers).length).length;
  if (replaced && !confirm(`Replace your answers to ${replaced} of ${rows.length} rows by those of the file?`)) return;
  for (const row of taken) {
    const cells = byName.get(row.name);
    const given = ending => questions.map(each => [each.name, (cells[each.name + ending] ?? "").trim()]);
    const answers = Object.fromEntries(given("").map(([name, text]) => [name, text.toLowerCase()]));
    const corrections = Object.fromEntries(given("_should_be").filter(([, text]) => text));
    row.sheet = known({ answers, corrections, note: cells.note });
    save(row);
  }
  undone.length = 0;
  showRow(at);
  tell(`Imported the answers to ${taken.length} of ${rows.length} rows.`);
}

// Keys, buttons and fields.
const keys = {
  ArrowLeft: () => moveRow(-1), k: () => moveRow(-1), ArrowRight: () => moveRow(1), j: () => moveRow(1),
  ArrowUp: () => moveQuestion(-1), ArrowDown: () => moveQuestion(1),
  s: correct, n: () => byId("note").focus(), u: undo, w: toggleText, e: exportSheet,
  "?": () => byId("keys").showModal(),
};
function press(event) {
  if (!reader || !rows.length || byId("keys").open) return;
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const target = event.target, isField = target.matches("textarea, input:not([type=radio], [type=file])");
  let act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (isField) {
    act = event.key === "Escape" ? () => showQuestion(current)
      : event.key === "Enter" && target.matches("input") ? goOn : undefined;
  } else if (/^\d$/.test(event.key)) {
    const chosen = questions[current].answers.find(each => each.key === event.key);
    act = chosen && !event.repeat ? () => { answer(current, chosen.name); goOn(); } : undefined;
  }
  if (!act) return;
  event.preventDefault();
  tell("");
  act();
}
function start(event) {
  event.preventDefault();
  const given = byId("reader").value.trim();
  if (!given) return;
  reader = given;
  undone.length = 0;
  store(storeKey(), reader);
  load();
  byId("who").textContent = reader;
  showWork(true);
  showProgress();
  if (rows.length) showRow(Math.max(rows.findIndex(each => !isComplete(each)), 0));
}
function showWork(isOn) {
  byId("start").hidden = isOn;
  byId("bar").hidden = !isOn;
  byId("sheet").hidden = byId("questions").hidden = !isOn || !rows.length;
}
function ask() { // whose answers these are
  reader = "";
  showWork(false);
  byId("reader").focus();
  byId("reader").select();
}

questions.forEach((question, place) => {
  question.fieldset.addEventListener("focusin", () => setCurrent(place));
  question.fieldset.addEventListener("change", event => {
    if (event.target.type === "radio") answer(place, event.target.value);
  });
  question.input?.addEventListener("input", () => {
    rows[at].sheet.corrections[question.name] = question.input.value;
    save(rows[at]);
  });
});
for (const row of rows) {
  row.section.querySelector(".page")?.addEventListener("toggle", event => showPage(row, event.target));
}
byId("note").addEventListener("input", () => { rows[at].sheet.note = byId("note").value; save(rows[at]); });
byId("import").addEventListener("change", async ({ target }) => {
  if (target.files.length) importSheet(await target.files[0].text());
  target.value = "";
});
const buttons = { previous: keys.k, next: keys.j, undo, export: exportSheet, help: keys["?"], change: ask };
for (const [id, act] of Object.entries(buttons)) byId(id).addEventListener("click", () => { tell(""); act(); });
byId("questions").addEventListener("submit", event => event.preventDefault());
byId("start").addEventListener("submit", start);
document.addEventListener("keydown", press);
addEventListener("beforeunload", event => { if (!isStored && undone.length) event.preventDefault(); });
byId("reader").value = stored(storeKey()) ?? "";
ask();
