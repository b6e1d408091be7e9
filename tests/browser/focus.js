// Where the keyboard is: null where it has left the page.
() => {
  const element = document.activeElement, style = getComputedStyle(element), box = element.getClientRects()[0];
  if (element === document.body) return null;
  const inside = (start, length, limit) => Math.min(Math.max(start + Math.min(length, 20) / 2, 0), limit - 1);
  const top = box && document.elementFromPoint(inside(box.left, box.width, innerWidth), inside(box.top, box.height, innerHeight));
  return {
    place: Number(element.dataset.place ?? -1),
    name: `${element.localName}.${element.getAttribute("class")} ${element.textContent.trim().slice(0, 40)}`,
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none",
    inView: Boolean(box) && box.bottom > 0 && box.top < innerHeight,
    uncovered: Boolean(top) && (element.contains(top) || top.contains(element)),
  };
}
