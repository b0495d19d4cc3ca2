"""Why something about posts was refused. Data only: the wire decides how it looks."""


class PostRefused(Exception):
    """Something that must not happen; nothing was written."""


class TextEmpty(PostRefused):
    """A post without any text."""


class TextTooLong(PostRefused):
    """A text of more than `tacet.posts.lengths.MAX_LENGTH`."""


class PostMissing(PostRefused):
    """No post has the id, or the author may not see it."""


class ReplyTargetMissing(PostMissing):
    """The post to answer is not there, or may not be seen."""


class QuoteTargetMissing(PostMissing):
    """The post to quote is not there, or may not be seen."""


class NotTheAuthor(PostRefused):
    """Only its author may delete a post."""


class RepostForbidden(PostRefused):
    """Posts of protected accounts are repeated by nobody else."""


class AlreadyReposted(PostRefused):
    """The post is repeated by the same author already."""
