/**
 * Makes an element. Texts become text nodes: nothing that people typed is ever read as HTML.
 * @param attributes those that are empty are left out
 */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes))
    if (value !== '') made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}
