// The table of all problems: rows from the packed JSON, filtered, sorted, a page at a time.
{
  const PAGE = 50;
  const content = JSON.parse(document.getElementById("problem-rows").textContent);
  const at = Object.fromEntries(content.columns.map((name, i) => [name, i]));
  const isPair = "prob_lost" in at;
  const form = document.getElementById("problem-filters");
  const state = document.getElementById("problem-state");
  const table = document.querySelector("#table-problems table");
  const pages = document.getElementById("problem-pages");
  const selectionLine = document.getElementById("problem-selection");
  const key = (row) => `${content.benchmarks[row[at.benchmark]]}/${row[at.problem]}`;
  const fixed = (row, name, digits) => (row[at[name]] === null ? "" : row[at[name]].toFixed(digits).replace("-", "\u2212"));
  // Draws cannot tell a probability from 0 or 1, so that none is rounded to it.
  const probable = (row, name, digits) => {
    const text = fixed(row, name, digits), least = 10 ** -digits;
    return text === "" ? "" : +text === 0 ? `<${least.toFixed(digits)}` : +text === 1 ? `>${(1 - least).toFixed(digits)}` : text;
  };
  const share = (row, arm) => (row[at[`${arm}n_samples`]] ? row[at[`${arm}n_correct`]] / row[at[`${arm}n_samples`]] : -1);
  const arms = isPair ? [["reference_", "base "], ["", "RL "]] : [["", ""]];

  // Each column: its heading, the text of a cell, the value it is sorted by, and whether it is one of the seldom needed.
  const ofArms = (heading, text, value, seldom) =>
    arms.map(([arm, word]) => ({ heading: `${word}${heading}`, text: (row) => text(row, arm), value: (row) => value(row, arm), seldom }));
  const probability = (name, heading) => ({ heading, text: (row) => probable(row, name, 2), value: (row) => row[at[name]] });
  const named = (name, heading, texts) => ({ heading, isText: true, text: (row) => texts[row[at[name]]], value: (row) => texts[row[at[name]]] });
  const columns = [
    { heading: "problem", isText: true, text: (row) => row[at.problem], value: (row) => row[at.problem] },
    ...(content.benchmarks.length > 1 ? [named("benchmark", "benchmark", content.labels)] : []),
    ...(content.models.length > 1 ? [named("model", "model", content.models)] : []),
    ...(isPair ? [{ heading: "flag", isText: true, text: (row) => row[at.flag], value: (row) => row[at.flag] },
      probability("prob_lost", "P(lost)"), probability("prob_gained", "P(gained)")] : []),
    ...ofArms("c/n", (row, arm) => `${row[at[`${arm}n_correct`]]}/${row[at[`${arm}n_samples`]]}`, share),
    ...ofArms("p", (row, arm) => fixed(row, `${arm}p_mean`, 3), (row, arm) => row[at[`${arm}p_mean`]]),
    ...ofArms("p, interval", (row, arm) => `[${fixed(row, `${arm}p_lower`, 3)}, ${fixed(row, `${arm}p_upper`, 3)}]`,
      (row, arm) => row[at[`${arm}p_lower`]], true),
    ...ofArms("solves in k", (row, arm) => probable(row, `${arm}reach_mean`, 3), (row, arm) => row[at[`${arm}reach_mean`]], true),
    ...ofArms("P(solvable)", (row, arm) => probable(row, `${arm}prob_solvable`, 2), (row, arm) => row[at[`${arm}prob_solvable`]], true),
  ];
  const texts = content.rows.map((row) =>
    [row[at.problem], content.labels[row[at.benchmark]], content.models[row[at.model]], row[at.flag]].join(" ").toLowerCase());

  let order = { column: null, descending: true }, page = 0, selection = null, visible = [];

  const filtered = () => {
    const values = Object.fromEntries(new FormData(form));
    const words = (values.search || "").toLowerCase().split(/\s+/).filter(Boolean);
    return content.rows.map((_, i) => i).filter((i) => {
      const row = content.rows[i];
      return (!selection || selection.has(key(row)))
        && words.every((word) => texts[i].includes(word))
        && (!values.benchmark || row[at.benchmark] === +values.benchmark)
        && (!values.model || row[at.model] === +values.model)
        && (!values.prob_lost || row[at.prob_lost] > +values.prob_lost)
        && (!values.prob_gained || row[at.prob_gained] > +values.prob_gained)
        && (!values.flag || (values.flag === "*" ? row[at.flag] !== "" : row[at.flag] === values.flag));
    });
  };
  const sorted = (rows) => {
    if (!order.column) return rows;
    const sign = order.descending ? -1 : 1, value = (i) => order.column.value(content.rows[i]);
    const collator = new Intl.Collator(undefined, { numeric: true });
    const compare = order.column.isText ? (a, b) => sign * collator.compare(value(a), value(b))
      : (a, b) => sign * ((value(a) ?? -1) - (value(b) ?? -1));
    return rows.sort((a, b) => compare(a, b) || a - b);
  };
  const shownColumns = () => columns.filter((column) => !column.seldom || form.elements.more.checked);
  const element = (tag, text, properties = {}) => Object.assign(document.createElement(tag), { textContent: text }, properties);

  const head = () => {
    const row = document.createElement("tr");
    for (const column of shownColumns()) {
      const heading = element("th", "", { scope: "col" });
      if (column === order.column) heading.setAttribute("aria-sort", order.descending ? "descending" : "ascending");
      if (column.isText) heading.className = "text";
      const button = element("button", column.heading, { type: "button" });
      button.addEventListener("click", () => {
        order = { column, descending: column === order.column ? !order.descending : !column.isText };
        page = 0;
        show();
        table.tHead.rows[0].cells[shownColumns().indexOf(column)].firstChild.focus();
      });
      heading.append(button);
      row.append(heading);
    }
    table.tHead.replaceChildren(row);
  };
  const line = (row) => {
    const tr = document.createElement("tr");
    tr.dataset.problem = key(row);
    tr.className = [row[at.flag] && "flagged", selection && selection.size === 1 && "selected"].filter(Boolean).join(" ");
    shownColumns().forEach((column, i) => {
      tr.append(i ? element("td", column.text(row), { className: column.isText ? "text" : "" }) : element("th", column.text(row), { scope: "row" }));
    });
    return tr;
  };
  const orderText = () => {
    if (!order.column) return isPair ? "most likely lost or gained first" : "lowest solve rates first";
    const direction = order.column.isText ? (order.descending ? "Z to A" : "A to Z") : (order.descending ? "largest first" : "smallest first");
    return `sorted by ${order.column.heading}, ${direction}`;
  };
  const show = () => {
    visible = sorted(filtered());
    const last = Math.max(0, Math.ceil(visible.length / PAGE) - 1);
    page = Math.min(Math.max(page, 0), last);
    head();
    table.tBodies[0].replaceChildren(...visible.slice(page * PAGE, (page + 1) * PAGE).map((i) => line(content.rows[i])));
    state.textContent = `${visible.length.toLocaleString("en")} of ${content.rows.length.toLocaleString("en")} row${content.rows.length === 1 ? "" : "s"}, ${orderText()}.`;
    pages.hidden = last === 0;
    pages.querySelector("span").textContent = `page ${page + 1} of ${last + 1}`;
    for (const button of pages.querySelectorAll("button")) button.disabled = +button.value < 0 ? page === 0 : page === last;
    selectionLine.hidden = !selection;
    selectionLine.querySelector("span").textContent = selection ? `Only the ${selection.size} problem${selection.size === 1 ? "" : "s"} selected.` : "";
  };
  const send = (problems) =>
    document.dispatchEvent(new CustomEvent("boundary:problems", { detail: { problems, source: "table" } }));
  const isFiltered = () => [...new FormData(form)].some(([name, value]) => name !== "more" && value !== "");
  const sendVisible = () => send(selection || isFiltered() ? [...new Set(visible.map((i) => key(content.rows[i])))] : null);

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    page = 0;
    show();
    if (event.target.name !== "more") sendVisible();
  });
  form.addEventListener("reset", () => setTimeout(() => { page = 0; selection = null; show(); send(null); }));
  for (const button of pages.querySelectorAll("button")) button.addEventListener("click", () => { page += +button.value; show(); });
  selectionLine.querySelector("button").addEventListener("click", () => { selection = null; show(); sendVisible(); });
  table.tBodies[0].addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (!row || String(getSelection())) return;
    const isSelected = row.classList.toggle("marked");
    for (const other of table.tBodies[0].querySelectorAll(".marked")) if (other !== row) other.classList.remove("marked");
    row.classList.toggle("selected", isSelected);
    for (const other of table.tBodies[0].querySelectorAll(".selected")) if (other !== row) other.classList.remove("selected");
    if (isSelected) send([row.dataset.problem]);
    else sendVisible();
  });
  document.addEventListener("boundary:problems", (event) => {
    const { problems, source } = event.detail || {};
    if (source === "table") return;
    selection = problems ? new Set(problems) : null;
    page = 0;
    show();
  });
  form.hidden = false;
  show();
}
