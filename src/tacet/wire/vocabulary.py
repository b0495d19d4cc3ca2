"""X's two vocabularies, tweet and post, and the names each has for fields and expansions.

Both are accepted everywhere; an answer speaks the request's, tweet where it shows none. The enumerations are those of
X's OpenAPI documents 2.166 (tweet) and 2.167 (post), in their order.
"""

from dataclasses import dataclass

_USER_FIELDS_2166 = (
    "affiliation,confirmed_email,connection_status,created_at,description,entities,id,is_identity_verified,location,"
    "most_recent_tweet_id,name,parody,pinned_tweet_id,profile_banner_url,profile_image_url,protected,public_metrics,"
    "receives_your_dm,subscription,subscription_type,url,username,verified,verified_followers_count,verified_type,"
    "withheld"
)

_USER_FIELDS_2167 = (
    "confirmed_email,connection_status,created_at,description,entities,id,is_identity_verified,location,name,parody,"
    "profile_banner_url,profile_image_url,protected,public_metrics,receives_your_dm,subscribes_to_you,subscription,"
    "subscription_type,url,username,verified,verified_followers_count,verified_type,withheld"
)

_TWEET_FIELDS_2166 = (
    "article,attachments,author_id,card_uri,community_id,context_annotations,conversation_id,created_at,"
    "display_text_range,edit_controls,edit_history_tweet_ids,entities,geo,id,in_reply_to_user_id,lang,"
    "matched_media_notes,media_metadata,non_public_metrics,note_request_suggestions,note_tweet,organic_metrics,"
    "paid_partnership,possibly_sensitive,promoted_metrics,public_metrics,referenced_tweets,reply_settings,scopes,"
    "source,suggested_source_links,suggested_source_links_with_counts,text,withheld"
)

_POST_FIELDS_2167 = (
    "article,article_title,attachments,card_uri,community_id,context_annotations,conversation_id,created_at,"
    "display_text_range,edit_controls,entities,geo,id,lang,matched_media_notes,media_metadata,non_public_metrics,"
    "note_post,note_request_suggestions,organic_metrics,paid_partnership,possibly_sensitive,promoted_metrics,"
    "public_metrics,reply_settings,scopes,source,suggested_source_links,suggested_source_links_with_counts,text,"
    "withheld"
)

_TWEET_EXPANSIONS_2166 = (
    "article.cover_media,article.media_entities,attachments.media_keys,attachments.media_source_tweet,"
    "attachments.poll_ids,author_id,edit_history_tweet_ids,entities.mentions.username,geo.place_id,in_reply_to_user_id,"
    "entities.note.mentions.username,referenced_tweets.id,referenced_tweets.id.attachments.media_keys,"
    "referenced_tweets.id.author_id"
)

_POST_EXPANSIONS_2167 = (
    "article.cover_media,article.media_entities,attachments.media_keys,attachments.media_source_tweet,"
    "attachments.poll_ids,author_id,edit_history_post_ids,entities.mentions.username,geo.place_id,in_reply_to_user_id,"
    "referenced_posts,username"
)

MEDIA_FIELDS = tuple(
    "alt_text,duration_ms,height,media_key,non_public_metrics,organic_metrics,preview_image_url,promoted_metrics,"
    "public_metrics,type,url,variants,width".split(",")
)
POLL_FIELDS = tuple("duration_minutes,end_datetime,id,options,voting_status".split(","))
PLACE_FIELDS = tuple("contained_within,country,country_code,full_name,geo,id,name,place_type".split(","))
"""The same in both vocabularies; no post here has media, polls or places."""

USER_FIELD_ORDER = tuple(
    "id,name,username,withheld,created_at,description,entities,location,pinned_tweet_id,profile_banner_url,"
    "profile_image_url,protected,public_metrics,url,verified,subscription_type,verified_type,most_recent_tweet_id,"
    "is_identity_verified,affiliation,connection_status,receives_your_dm,verified_followers_count,parody,"
    "subscribes_to_you,subscription,confirmed_email".split(",")
)
"""The order in which fields are answered: X's live enumeration of 2026-08, which starts with the recorded default."""

POST_TO_TWEET = {
    "pinned_post_id": "pinned_tweet_id",
    "most_recent_post_id": "most_recent_tweet_id",
    "affiliation": "affiliation.user_id",
    "note_post": "note_tweet",
    "referenced_posts": "referenced_tweets",
    "edit_history_post_ids": "edit_history_tweet_ids",
}
"""Post names that differ from the tweet ones; inside, everything goes by its tweet name."""


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """The words of one of the two.

    Attributes:
        noun: `tweet` or `post`, as it stands in messages and parameter names.
        user_fields, post_fields: what an error message says is allowed.
        expansions, post_expansions: likewise, where users are shown and where posts are.
    """

    noun: str
    user_fields: tuple[str, ...]
    post_fields: tuple[str, ...]
    expansions: tuple[str, ...]
    post_expansions: tuple[str, ...]

    @property
    def fields_parameter(self) -> str:
        return f"{self.noun}.fields"

    @property
    def includes_key(self) -> str:
        return f"{self.noun}s"


TWEET = Vocabulary(
    "tweet",
    tuple(_USER_FIELDS_2166.split(",")),
    tuple(_TWEET_FIELDS_2166.split(",")),
    ("affiliation.user_id", "most_recent_tweet_id", "pinned_tweet_id"),
    tuple(_TWEET_EXPANSIONS_2166.split(",")),
)
POST = Vocabulary(
    "post",
    tuple(_USER_FIELDS_2167.split(",")),
    tuple(_POST_FIELDS_2167.split(",")),
    ("affiliation", "most_recent_post_id", "pinned_post_id"),
    tuple(_POST_EXPANSIONS_2167.split(",")),
)

ONLY_POST_WORDS = frozenset(("most_recent_post_id", "pinned_post_id", "referenced_posts", "edit_history_post_ids"))
"""User fields and expansions that no tweet-speaking request has."""

POST_EXPANSIONS = frozenset(("affiliation", "username"))
"""Post words where they are expanded; as fields both vocabularies have them."""


def _either(*lists: tuple[str, ...]) -> tuple[str, ...]:
    """All words of some lists, each once, in order."""
    return tuple(dict.fromkeys(word for words in lists for word in words))


ACCEPTED_USER_FIELDS = _either(TWEET.user_fields, POST.user_fields, ("most_recent_post_id", "pinned_post_id"))
ACCEPTED_POST_FIELDS = _either(TWEET.post_fields, POST.post_fields, ("referenced_posts", "edit_history_post_ids"))
ACCEPTED_EXPANSIONS = _either(TWEET.expansions, POST.expansions)
ACCEPTED_POST_EXPANSIONS = _either(TWEET.post_expansions, POST.post_expansions)
