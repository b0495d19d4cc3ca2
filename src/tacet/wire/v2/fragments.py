"""Objects of an answer, rendered once and joined from then on."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from tacet.cache import Hits, TwoGenerations
from tacet.wire.encoding import encode

MAX_RENDERED_SELECTIONS = 64
"""Different selections whose rendered objects are kept: clients use a handful."""

FRAGMENT_OVERHEAD_BYTES = 160
"""What a kept fragment costs beside its text: a bytes object, an id, a place in a dict."""

HIDDEN = b""
"""The fragment of what is not shown: suspended, deactivated, deleted or unknown."""

S = TypeVar("S")

Render = Callable[[Sequence[int]], Awaitable[dict[int, bytes]]]
"""Renders the objects with these ids, each of them; `HIDDEN` for those that are not shown."""


class Fragments(Generic[S]):
    """Rendered objects by selection and id, within a budget of memory.

    Args:
        max_fragments: kept of one selection.
        max_bytes: memory for all selections together.
        hits: counts what is asked for.
    """

    def __init__(self, max_fragments: int, max_bytes: int, hits: Hits | None = None) -> None:
        self._hits = hits or Hits()
        self._max_fragments = max_fragments
        self._max_bytes = max_bytes
        self._kept: TwoGenerations[S, TwoGenerations[int, bytes]] = TwoGenerations(MAX_RENDERED_SELECTIONS)
        self._bytes = 0
        self._drops = 0
        self._hides_some = False

    async def shown(self, ids: Sequence[int], selection: S, render: Render) -> Sequence[bytes]:
        """The fragments of those `ids` that are shown, in order; what is not kept is rendered."""
        return (await self.shown_of(ids, selection, render))[1]

    async def shown_of(self, ids: Sequence[int], selection: S, render: Render) -> tuple[Sequence[int], Sequence[bytes]]:
        """Those of `ids` that are shown, and their fragments, both in order."""
        kept = self._of(selection)
        found = kept.get_all(ids)
        if found is not None and not self._hides_some:
            self._hits.found += len(found)
            return ids, found
        each = found or await self._gathered(ids, kept, render)
        if all(each):
            return ids, each
        shown = [(id_, fragment) for id_, fragment in zip(ids, each, strict=True) if fragment]
        return [id_ for id_, _ in shown], [fragment for _, fragment in shown]

    def drop(self, id_: int) -> None:
        """Forget one object: it changed, or is no more."""
        self._drops += 1
        for kept in self._kept.values():
            kept.drop(id_)

    def clear(self) -> None:
        """Forget all."""
        # New ones, so that a look-up under way keeps what it read before the change where nobody finds it.
        self._kept = TwoGenerations(MAX_RENDERED_SELECTIONS)
        self._bytes = 0
        self._hides_some = False

    def _of(self, selection: S) -> TwoGenerations[int, bytes]:
        if self._bytes > self._max_bytes:
            self.clear()
        kept = self._kept.get(selection)
        if kept is None:
            kept = TwoGenerations(self._max_fragments)
            self._kept.put(selection, kept)
        return kept

    async def _gathered(self, ids: Sequence[int], kept: TwoGenerations[int, bytes], render: Render) -> list[bytes]:
        """Fragments of which some must be made, or moved up, first."""
        found = [kept.get(id_) for id_ in ids]
        missing = [id_ for id_, fragment in zip(ids, found, strict=True) if fragment is None]
        self._hits.missed += len(missing)
        self._hits.found += len(ids) - len(missing)
        drops = self._drops
        rendered = await render(missing) if missing else {}
        # What was dropped meanwhile may be among what was read before.
        for id_, fragment in rendered.items() if drops == self._drops else ():
            kept.put(id_, fragment)
            self._hides_some = self._hides_some or not fragment
            # Counted when made, and never given back one by one: an estimate that errs on the safe side.
            self._bytes += len(fragment) + FRAGMENT_OVERHEAD_BYTES
        return [rendered[id_] if fragment is None else fragment for id_, fragment in zip(ids, found, strict=True)]


def joined(
    fragments: Sequence[bytes], includes: Sequence[bytes], errors: Sequence[dict[str, Any]], **more: Any
) -> bytes:
    """A whole answer: `data`, `includes`, `errors`, `meta`, each left out when there is nothing in it.

    Args:
        includes: members of that object, as they are written there.
        more: `one=True` for an object instead of a list, `meta` as it is written.
    """
    # Pieces are joined once, at the end: a page is thousands of octets, and each step between copies them.
    pieces: list[bytes] = []
    if fragments:
        data = (b',"data":', fragments[0]) if more.get("one") else (b',"data":[', b",".join(fragments), b"]")
        pieces.extend(data)
    if includes:
        pieces.extend((b',"includes":{', b",".join(includes), b"}"))
    if errors:
        pieces.extend((b',"errors":', encode(errors)))
    if "meta" in more:
        pieces.extend((b',"meta":', more["meta"]))
    if not pieces:
        return b"{}"
    pieces[0] = b"{" + pieces[0][1:]
    pieces.append(b"}")
    return b"".join(pieces)
