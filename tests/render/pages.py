"""Reads a page of ours back, strictly: every element and attribute must be one that our templates write."""

from html.parser import HTMLParser

_VOID = {"meta", "line", "rect", "circle", "polyline", "br"}
_ELEMENTS = {
    *("html", "head", "title", "style", "body", "header", "main", "nav", "section", "article", "figure", "figcaption"),
    *("h1", "h2", "h3", "h4", "p", "div", "span", "strong", "code", "pre", "mark", "a", "ul", "ol", "li", "dl", "dt"),
    *("dd", "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "svg", "text", "desc", *_VOID),
}
_ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "open", "role", "tabindex", "scope"),
    *("aria-label", "aria-labelledby", "aria-hidden", "focusable", "viewbox", "preserveaspectratio", "x", "y", "x1"),
    *("x2", "y1", "y2", "cx", "cy", "r", "rx", "width", "height", "points", "text-anchor"),
}


class Page(HTMLParser):
    """A page's text, links, ids and headings. Fails on an element, attribute or nesting that is not ours."""

    elements, attributes = _ELEMENTS, _ATTRIBUTES

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.links: list[str] = []
        self.ids: list[str] = []
        self.headings: list[int] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.elements, f"<{tag}> is not ours"
        unknown = {name for name, _ in attrs} - self.attributes
        assert not unknown, f"<{tag}> has {unknown}"
        given = {name: value or "" for name, value in attrs}
        self.links += [given["href"]] if "href" in given else []
        self.ids += [given["id"]] if "id" in given else []
        self.headings += [int(tag[1])] if tag in {"h1", "h2", "h3", "h4"} else []
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data[:50]}")
