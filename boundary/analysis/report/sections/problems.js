for (const box of document.querySelectorAll(".problems")) {
  const body = box.querySelector("tbody"), rows = [...body.rows];
  const texts = new Map(rows.map((row) => [row, [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase()]));
  const input = box.querySelector("input"), count = box.querySelector("output");
  const search = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) row.hidden = !words.every((word) => texts.get(row).includes(word));
    count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  };
  input.addEventListener("input", search);
  box.querySelector(".search").hidden = false;
  search();
  [...box.querySelectorAll("thead th")].forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    let sign = 1;
    button.addEventListener("click", () => {
      const value = (row) => row.cells[column].textContent, number = (row) => parseFloat(value(row));
      const numeric = rows.every((row) => value(row) === "" || !Number.isNaN(number(row)));
      sign = -sign;
      const compare = numeric
        ? (a, b) => sign * ((number(a) || 0) - (number(b) || 0))
        : (a, b) => -sign * value(a).localeCompare(value(b), undefined, { numeric: true });
      body.append(...rows.sort(compare));
      box.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", (numeric ? sign : -sign) < 0 ? "descending" : "ascending");
    });
  });
}
