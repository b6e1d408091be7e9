// Figures: values under the pointer, the finger or the arrow keys; models switched off and on; problems picked.
(() => {
  const plots = [...document.querySelectorAll("svg.plot")];
  if (!plots.length) return;
  const NEAR = 16, hidden = new Set();
  const box = document.createElement("div"), live = document.createElement("div");
  box.className = "plot-values";
  box.hidden = true;
  live.className = "plot-live";
  live.setAttribute("aria-live", "polite");
  document.body.append(box, live);
  let shown = null, picked = null;

  const minus = (text) => text.replace("-", "\u2212");
  const amount = (text, unit) => {
    if (text === undefined || text === "-") return "none";
    const value = Number(text);
    if (unit === "%") return minus((100 * value).toFixed(1)) + " %";
    if (unit === "points") return (value > 0 ? "+" : "") + minus((100 * value).toFixed(1));
    return minus(unit === "rate" ? value.toFixed(3) : value.toFixed(1));
  };
  const within = (data, unit) =>
    data.lower === undefined ? "" : ` [${amount(data.lower, unit)}, ${amount(data.upper, unit)}]`;
  const colourOf = (element) => {
    const parts = [element.getAttribute("stroke"), element.getAttribute("fill"), element.parentNode.getAttribute("fill")];
    return parts.find((part) => part && part !== "none" && part !== "var(--figure-page)") || "";
  };
  const element = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  // What of a plot can be pointed at: budgets of the curves of a panel, and single marks, each where it stands.
  const read = (svg) => {
    const panels = [...svg.querySelectorAll("g.panel[data-box]")].map((group) => {
      const [left, top, right, bottom] = group.dataset.box.split(" ").map(Number);
      const [x0, x1, y0, y1] = group.dataset.limits.split(" ").map(Number);
      const curves = [...group.querySelectorAll("[data-k]")].map((line) => {
        const list = (name) => line.dataset[name].split(" ");
        return { line, model: line.dataset.model, name: line.dataset.name || line.dataset.model, axis: line.dataset.axis || "", k: list("k").map(Number),
          value: list("value"), lower: list("lower"), upper: list("upper") };
      });
      const n = group.querySelector("[data-n]");
      return { left, top, right, bottom, curves, unit: group.dataset.unit || "", n: n ? Number(n.dataset.n) : Infinity,
        x: (k) => left + ((Math.log2(k) - Math.log2(x0)) / (Math.log2(x1) - Math.log2(x0))) * (right - left),
        y: (value) => bottom - ((value - y0) / (y1 - y0)) * (bottom - top) };
    });
    const marks = [...svg.querySelectorAll("[data-value]:not([data-k])")].map((mark) => {
      const bounds = mark.getBBox();
      return { mark, x: bounds.x + bounds.width / 2, y: bounds.y + bounds.height / 2, w: bounds.width, h: bounds.height };
    });
    return { panels, marks };
  };
  // The narrow variant of a figure has its numbers in the wide one, in the same order.
  for (const svg of plots) {
    const wide = svg.closest(".plots")?.querySelector("svg.plot");
    const parts = svg.querySelectorAll("[data-numbered]"), numbered = wide ? wide.querySelectorAll("[data-value]") : [];
    parts.forEach((part, i) => { if (numbered[i]) Object.assign(part.dataset, numbered[i].dataset); });
  }
  const known = new WeakMap();
  const contents = (svg) => {
    if (!known.has(svg)) known.set(svg, read(svg));
    return known.get(svg);
  };
  const isOn = (model) => !hidden.has(model);

  const atBudget = (panel, index) => {
    const curves = panel.curves.filter((curve) => isOn(curve.model));
    if (!curves.length) return null;
    const budgets = curves[0].k, i = Math.max(0, Math.min(index, budgets.length - 1)), k = budgets[i];
    const lines = curves.filter((curve) => curve.k[i] === k).map((curve) => ({ name: curve.name,
      text: amount(curve.value[i], panel.unit) + within({ lower: curve.lower[i], upper: curve.upper[i] }, panel.unit),
      colour: colourOf(curve.line), y: panel.y(Number(curve.value[i])) }));
    const at = curves[0].axis ? `${k.toLocaleString("en", { maximumSignificantDigits: 3 })} ${curves[0].axis}` : `k = ${k.toLocaleString("en")}`;
    return { heading: `${at}${k > panel.n ? ", extrapolated" : ""}`, lines, x: panel.x(k), panel, index: i };
  };
  const ofMark = (entry) => {
    const data = entry.mark.dataset, unit = data.unit || "", lines = [];
    const heading = data.name || (data.problems ? `${JSON.parse(data.problems).length} problems` : data.problem) || data.model;
    if (data.base !== undefined) {
      lines.push({ name: "base", text: amount(data.base, unit) + within({ lower: data.baseLower, upper: data.baseUpper }, unit) });
    }
    if (data.observed !== undefined) lines.push({ name: "observed", text: data.observed });
    const name = data.observed !== undefined ? "expected" : data.base !== undefined ? "RL" : data.of || data.model || "";
    lines.push({ name, text: amount(data.value, unit) + within(data, unit), colour: colourOf(entry.mark) });
    if (data.word) lines.push({ name: "", text: data.word });
    return { heading: data.model && data.name && name !== data.model ? `${data.model}: ${heading}` : heading, lines, entry, x: entry.x, y: entry.y };
  };

  const hide = () => {
    if (shown) shown.svg.querySelector(".plot-cursor")?.remove();
    shown = null;
    box.hidden = true;
  };
  const show = (svg, stop, aloud) => {
    hide();
    if (!stop) return;
    shown = { svg, stop };
    const cursor = element("g", { class: "plot-cursor" });
    if (stop.panel) {
      cursor.append(element("line", { x1: stop.x, x2: stop.x, y1: stop.panel.top, y2: stop.panel.bottom }));
      for (const line of stop.lines) cursor.append(element("circle", { cx: stop.x, cy: line.y, r: 3 }));
    } else cursor.append(element("circle", { cx: stop.x, cy: stop.y, r: Math.min(Math.max(stop.entry.w, stop.entry.h) / 2 + 2, 14) }));
    svg.append(cursor);
    const heading = document.createElement("p");
    heading.className = "plot-heading";
    heading.textContent = stop.heading;
    box.replaceChildren(heading, ...stop.lines.map((line) => {
      const row = document.createElement("p"), name = document.createElement("b");
      name.textContent = line.name ? `${line.name} ` : "";
      if (line.colour) name.style.setProperty("--swatch", getComputedStyle(svg).getPropertyValue(line.colour.slice(4, -1)) || line.colour);
      row.append(name, line.text);
      return row;
    }));
    box.hidden = false;
    const point = new DOMPoint(stop.x, stop.panel ? stop.panel.top : stop.y).matrixTransform(svg.getScreenCTM());
    const room = document.documentElement.clientWidth, width = box.offsetWidth;
    const left = point.x + 14 + width > room ? point.x - 14 - width : point.x + 14;
    box.style.left = `${Math.max(4, Math.min(left, room - width - 4)) + scrollX}px`;
    box.style.top = `${Math.max(4, point.y) + scrollY}px`;
    if (aloud) live.textContent = [stop.heading, ...stop.lines.map((line) => `${line.name} ${line.text}`)].join("; ");
  };

  const place = (svg, event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  const nearest = (svg, at) => {
    const { panels, marks } = contents(svg);
    let best = null, least = NEAR;
    for (const entry of marks) {
      if (entry.mark.classList.contains("plot-off")) continue;
      const away = Math.hypot(Math.max(Math.abs(at.x - entry.x) - entry.w / 2, 0), Math.max(Math.abs(at.y - entry.y) - entry.h / 2, 0));
      if (away < least) [best, least] = [entry, away];
    }
    if (best) return ofMark(best);
    const panel = panels.find((part) => part.curves.length && at.x >= part.left - 8 && at.x <= part.right + 8 && at.y >= part.top && at.y <= part.bottom);
    if (!panel) return null;
    const curve = panel.curves.find((part) => isOn(part.model));
    if (!curve) return null;
    const away = curve.k.map((k) => Math.abs(panel.x(k) - at.x));
    return atBudget(panel, away.indexOf(Math.min(...away)));
  };

  const problemsOf = (mark) =>
    mark.dataset.problems ? JSON.parse(mark.dataset.problems) : mark.dataset.problem ? [mark.dataset.problem] : [];
  const pick = (problems) => {
    document.dispatchEvent(new CustomEvent("boundary:problems", { detail: { problems } }));
  };
  document.addEventListener("boundary:problems", (event) => {
    const problems = event.detail && event.detail.problems;
    picked = problems && problems.length ? new Set(problems) : null;
    for (const mark of document.querySelectorAll(".plot [data-problem], .plot [data-problems]")) {
      const isPicked = picked !== null && problemsOf(mark).some((problem) => picked.has(problem));
      mark.classList.toggle("plot-picked", isPicked);
      mark.classList.toggle("plot-dim", picked !== null && !isPicked);
    }
  });

  // A rectangle drawn with the mouse picks the problems within it.
  const brush = (svg) => {
    let start = null, area = null;
    svg.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse" || event.button !== 0 || !svg.querySelector("[data-problem], [data-problems]")) return;
      start = place(svg, event);
    });
    svg.addEventListener("pointermove", (event) => {
      if (!start) return;
      const at = place(svg, event), width = Math.abs(at.x - start.x), height = Math.abs(at.y - start.y);
      if (!area && width + height < 6) return;
      if (!area) {
        area = element("rect", { class: "plot-brush" });
        svg.append(area);
        svg.setPointerCapture(event.pointerId);
      }
      hide();
      for (const [name, value] of Object.entries({ x: Math.min(at.x, start.x), y: Math.min(at.y, start.y), width, height })) area.setAttribute(name, value);
    });
    svg.addEventListener("pointerup", (event) => {
      const stop = start && !area ? nearest(svg, start) : null;
      if (area) {
        const at = place(svg, event), [x0, x1] = [start.x, at.x].sort((a, b) => a - b), [y0, y1] = [start.y, at.y].sort((a, b) => a - b);
        const inside = contents(svg).marks.filter(({ mark, x, y }) => x >= x0 && x <= x1 && y >= y0 && y <= y1 && !mark.classList.contains("plot-off"));
        pick(inside.flatMap(({ mark }) => problemsOf(mark)));
      } else if (start) toggle(stop);
      area?.remove();
      start = area = null;
    });
  };
  const toggle = (stop) => {
    const problems = stop && stop.entry ? problemsOf(stop.entry.mark) : [];
    if (problems.length && !(picked && problems.every((problem) => picked.has(problem)))) pick(problems);
    else if (picked) pick(null);
  };

  const move = (svg, key) => {
    const { panels, marks } = contents(svg), drawn = panels.filter((panel) => panel.curves.length);
    const back = key === "ArrowLeft" || key === "ArrowUp", now = shown && shown.svg === svg ? shown.stop : null;
    const visible = marks.filter(({ mark }) => !mark.classList.contains("plot-off"));
    if (drawn.length) {
      if (!now || !now.panel) return atBudget(drawn[0], 0);
      if (key === "ArrowUp" || key === "ArrowDown") {
        const other = drawn[(drawn.indexOf(now.panel) + (back ? drawn.length - 1 : 1)) % drawn.length];
        return atBudget(other, now.index);
      }
      return atBudget(now.panel, key === "Home" ? 0 : key === "End" ? Infinity : now.index + (back ? -1 : 1));
    }
    if (!visible.length) return null;
    const place = now && now.entry ? visible.indexOf(now.entry) + (back ? -1 : 1) : 0;
    const index = key === "Home" ? 0 : key === "End" ? visible.length - 1 : Math.max(0, Math.min(place, visible.length - 1));
    return ofMark(visible[index]);
  };

  for (const svg of plots) {
    svg.addEventListener("pointermove", (event) => show(svg, nearest(svg, place(svg, event))));
    svg.addEventListener("pointerleave", hide);
    svg.addEventListener("blur", hide);
    svg.addEventListener("click", (event) => {
      const stop = nearest(svg, place(svg, event));
      show(svg, stop);
      if (event.pointerType !== "mouse") toggle(stop);
    });
    svg.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { hide(); if (picked) pick(null); }
      else if ((event.key === "Enter" || event.key === " ") && shown) { toggle(shown.stop); event.preventDefault(); }
      else if (/^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(event.key)) {
        show(svg, move(svg, event.key), true);
        event.preventDefault();
      }
    });
    brush(svg);
  }

  // Switches: one row above each figure that shows several models.
  const switches = [];
  const apply = () => {
    for (const part of document.querySelectorAll(".plot [data-model]")) part.classList.toggle("plot-off", !isOn(part.dataset.model));
    for (const button of switches) button.setAttribute("aria-pressed", String(isOn(button.dataset.model)));
    hide();
  };
  document.addEventListener("boundary:models", (event) => {
    hidden.clear();
    for (const model of (event.detail && event.detail.hidden) || []) hidden.add(model);
    apply();
  });
  for (const row of document.querySelectorAll(".plot-models")) {
    const svg = row.parentNode.querySelector("svg.plot"), models = new Map();
    for (const part of svg ? svg.querySelectorAll("[data-model]") : []) {
      const colour = colourOf(part);
      if (part.dataset.model && colour && !models.has(part.dataset.model)) models.set(part.dataset.model, colour);
    }
    if (models.size < 2) continue;
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", "Models shown");
    for (const [model, colour] of models) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = button.dataset.model = button.title = model;
      button.setAttribute("aria-pressed", "true");
      button.style.setProperty("--swatch", getComputedStyle(svg).getPropertyValue(colour.slice(4, -1)) || colour);
      button.addEventListener("click", () => {
        const off = new Set(hidden);
        if (!off.delete(model)) off.add(model);
        document.dispatchEvent(new CustomEvent("boundary:models", { detail: { hidden: [...off] } }));
      });
      switches.push(button);
      row.append(button);
    }
  }
})();
