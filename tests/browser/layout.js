// What of a page is not whole: a list of sentences, each with a selector, empty where everything fits.
(options) => {
  const problems = [];
  const SLACK = 1.5;
  const selector = (element) => {
    const parts = [];
    for (let node = element; node && node !== document.documentElement && parts.length < 4; node = node.parentElement) {
      const classes = [...node.classList].slice(0, 2).map((name) => `.${name}`).join("");
      parts.unshift(node.id ? `#${node.id}` : `${node.localName}${classes}`);
      if (node.id) break;
    }
    return parts.join(" > ");
  };
  const words = (element) => (element.textContent || "").trim().replace(/\s+/g, " ").slice(0, 50);
  const report = (element, what) => problems.push(`${selector(element)}: ${what} (${JSON.stringify(words(element))})`);
  const shown = (element) => element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true })
    && element.getClientRects().length > 0;
  // For readers of screens only: a box of one pixel, clipped on purpose.
  const unseen = (element) => {
    for (let node = element; node; node = node.parentElement)
      if (node.offsetWidth <= 1 && getComputedStyle(node).overflowX === "hidden") return true;
    return false;
  };
  // Cut short with three dots, and whole where the pointer rests.
  const shortened = (element) => getComputedStyle(element).textOverflow === "ellipsis"
    && (element.closest("[title]")?.title || "").includes(element.textContent.trim());
  const scrolls = (value) => value === "auto" || value === "scroll";

  const page = document.scrollingElement;
  if (page.scrollWidth > page.clientWidth + SLACK)
    problems.push(`the page scrolls sideways: ${page.scrollWidth} px of content in ${page.clientWidth} px`);

  const boxes = [...document.body.querySelectorAll("*")].filter((element) => !element.closest("svg") && shown(element) && !unseen(element));
  const wide = new Set();
  for (const element of boxes) {
    const style = getComputedStyle(element);
    if (style.display === "inline" || element.clientWidth === 0) continue;
    const beyond = element.scrollWidth - element.clientWidth;
    if (beyond > SLACK && !shortened(element)) wide.add(element);
    if (style.overflowY === "hidden" || style.overflowY === "clip")
      if (element.scrollHeight > element.clientHeight + SLACK) report(element, `cut off below by ${element.scrollHeight - element.clientHeight} px`);
  }
  for (const element of wide) {
    const style = getComputedStyle(element);
    const beyond = `${element.scrollWidth} px of content in ${element.clientWidth} px`;
    if (scrolls(style.overflowX)) {
      if (!options.mayScroll) report(element, `has to be scrolled sideways: ${beyond}`);
      else if (element.tabIndex < 0 && !element.querySelector("a[href], button")) report(element, `scrolls sideways and cannot be reached with the keyboard: ${beyond}`);
      else if (element.tabIndex >= 0 && !element.getAttribute("aria-label") && !element.getAttribute("aria-labelledby"))
        report(element, `scrolls sideways and has no accessible name: ${beyond}`);
      else if (style.backgroundImage === "none" && style.maskImage === "none" && element.offsetHeight - element.clientHeight < 6)
        report(element, `scrolls sideways with neither a scroll bar nor a shadow that shows it: ${beyond}`);
      continue;
    }
    // The innermost box that is too narrow is the cause; those around it have the same overflow.
    if ([...wide].some((other) => other !== element && element.contains(other) && !scrolls(getComputedStyle(other).overflowX))) continue;
    report(element, `${style.overflowX === "visible" ? "runs out of its box" : "is clipped"}: ${beyond}`);
  }

  for (const svg of document.querySelectorAll("svg")) {
    if (!shown(svg)) continue;
    const frame = svg.getBoundingClientRect();
    for (const text of svg.querySelectorAll("text")) {
      if (!shown(text) || !text.textContent.trim()) continue;
      const box = text.getBoundingClientRect();
      const beyond = Math.max(frame.left - box.left, box.right - frame.right, frame.top - box.top, box.bottom - frame.bottom);
      if (beyond > SLACK) report(text, `text is ${beyond.toFixed(1)} px outside its figure ${selector(svg)}`);
      const scale = text.getScreenCTM();
      const size = parseFloat(getComputedStyle(text).fontSize) * Math.hypot(scale.a, scale.b);
      if (size < options.smallestText) report(text, `text of ${size.toFixed(1)} px in ${selector(svg)}`);
    }
  }
  for (const image of document.querySelectorAll("img"))
    if (shown(image) && image.complete && image.naturalWidth === 0) report(image, "picture is broken");
  return problems;
}
