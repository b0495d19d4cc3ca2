"""All operations of v2."""

from tacet.actions import Actions
from tacet.cache import Hits
from tacet.settings import Settings
from tacet.wire.operations import Operation
from tacet.wire.v2.answers import Answers
from tacet.wire.v2.blocking import Blocking
from tacet.wire.v2.follows import Following
from tacet.wire.v2.messages import DirectMessages
from tacet.wire.v2.muting import Muting
from tacet.wire.v2.post_answers import PostAnswers
from tacet.wire.v2.posts import PostsByAnybody
from tacet.wire.v2.shown_posts import ShownPosts
from tacet.wire.v2.timelines import TimelineRoutes
from tacet.wire.v2.users import Users


def operations(
    actions: Actions, settings: Settings, user_hits: Hits | None = None, post_hits: Hits | None = None
) -> list[Operation]:
    """Every one, those with the most traffic first, for they are matched first.

    Args:
        user_hits, post_hits: of the users and posts that are kept rendered.
    """
    # Users and posts are rendered apart, and together take no more than is allowed.
    entries, half = settings.person_cache_entries, settings.person_cache_bytes // 2
    people, posts = actions.people, actions.posts
    shown_posts = ShownPosts(people, posts, actions.visibility)
    answers = Answers(people, posts, actions.acquaintance, shown_posts, entries, half, user_hits)
    post_answers = PostAnswers(people, posts, answers, shown_posts, actions.post_changes, entries, half, post_hits)
    timelines = TimelineRoutes(actions.homes, actions.timelines, people, actions.visibility, post_answers)
    return [
        *Muting(actions.mutes, answers).operations(),
        *timelines.operations(),
        *Users(actions.people, answers).operations(),
        *Following(actions.follows, people, actions.visibility, answers).operations(),
        *Blocking(actions.blocks, answers).operations(),
        *PostsByAnybody(actions.writing, shown_posts, post_answers).operations(),
        *DirectMessages(actions.messages, answers).operations(),
    ]
