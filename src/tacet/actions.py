"""Everything that can be done with accounts, posts and what is between them, built once over one store."""

from tacet.clock import Clock
from tacet.directory.lookup import Acquaintance, People, Posts
from tacet.directory.shown import Shown
from tacet.graph.blocks import Blocks
from tacet.graph.follows import Follows
from tacet.graph.social import SocialGraph
from tacet.ids import Randomness
from tacet.messages.actions import Messages
from tacet.mutes.actions import Mutes
from tacet.mutes.paging import Lists
from tacet.mutes.positions import Positions
from tacet.mutes.roster import Roster
from tacet.mutes.search import MuteSearch
from tacet.posts.changes import PostChanges
from tacet.posts.home import Homes
from tacet.posts.timelines import Timelines
from tacet.posts.visibility import Visibility
from tacet.posts.writing import Writing
from tacet.store.base import Store
from tacet.stored_ids import StoredSnowflakes


class Actions:
    """The actions by subject; none knows HTTP or SQL."""

    def __init__(self, store: Store, people: People, clock: Clock, randomness: Randomness) -> None:
        positions = Positions(clock, randomness)
        self.people = people
        self.posts = Posts(store.posts)
        self.acquaintance = Acquaintance(store.relations, store.messages, clock)
        self.shown = Shown(store.directory, people)
        self.mutes = Mutes(store.relations, people, clock, positions)
        self.roster = Roster(self.mutes, store.relations, store.directory, clock)
        self.mute_search = MuteSearch(store.relations, store.directory, clock)
        self.post_changes = PostChanges()
        self.visibility = Visibility(people, store.relations, clock)
        self._post_ids = post_ids = StoredSnowflakes(clock, randomness, store.posts.newest_id, store.shared)
        self.writing = Writing(store.posts, people, self.visibility, clock, post_ids, self.post_changes)
        self.timelines = Timelines(store.posts, self.visibility, clock)
        # What other processes change shows at once only where nothing is kept that is made from it.
        kept_by = None if store.shared else self.post_changes
        self.homes = Homes(store.posts, store.relations, people, self.visibility, self.mutes, clock, kept_by)
        lists = Lists(store.relations, clock)
        graph = SocialGraph(store.relations, people, clock, positions, lists, self.homes.forget)
        self.follows = Follows(graph)
        self.blocks = Blocks(graph)
        message_ids = StoredSnowflakes(clock, randomness, store.messages.newest_id, store.shared)
        self.messages = Messages(store.messages, people, self.acquaintance, clock, message_ids)

    def forget_posts(self) -> None:
        """Somebody else changed what is stored of posts: nothing that was kept of them is good any more."""
        self._post_ids.ask_again()
        self.post_changes.forget()
