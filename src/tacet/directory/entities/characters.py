"""The sets of characters that twitter-text's rules speak of, as the insides of regular expression brackets.

Source of these and of the rules beside them: github.com/twitter/twitter-text, version 3.
"""

SPACES = r"\t-\r \x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""White space, which is not quite Python's own idea of it."""

PUNCTUATION = r"!'#%&()*+,\\\-./:;<=>?@\[\]\^_{|}~$"
"""ASCII punctuation that ends a host name or a cashtag; quotation marks and back quotes are not in it."""

LATIN_ACCENTS = (
    r"\xc0-\xd6\xd8-\xf6\xf8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289\u028b"
    r"\u02bb\u0300-\u036f\u1e00-\u1eff"
)
"""Accented Latin letters and the accents themselves."""

CYRILLIC = r"\u0400-\u04ff"
"""Cyrillic letters and marks, which paths may hold."""

DIRECTIONS = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Invisible marks of writing direction: they may stand right before a URL but never in its host."""

NONCHARACTERS = r"\ufeff\ufffe\uffff"
"""What no post may hold: the byte order mark, and two code points that are no characters."""

AT_SIGNS = "@＠"
HASH_SIGNS = "#＃"

HASHTAG_EXTRAS = frozenset(
    "_\u200c\u200d\ua67e\u05be\u05f3\u05f4\uff5e\u301c\u309b\u309c\u30a0\u30fb\u3003\u0f0b\u0f0c\xb7"
)
"""Neither letter, mark nor digit, yet allowed in a hashtag: joiners, tildes, signs of single languages."""
