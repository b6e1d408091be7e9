// Numbers what the keyboard has to reach (data-place), in the order of the page, and returns how much there is.
(selector) => {
  const elements = [...document.querySelectorAll(selector)].filter(
    (element) => element.checkVisibility({ visibilityProperty: true }) && !element.disabled && element.tabIndex >= 0);
  elements.forEach((element, place) => { element.dataset.place = place; });
  return elements.length;
}
