"""Judges random rooms with another homeserver's rules and resolver, called as a library.

Reads one room a line from standard input: its version, its events with our decision on each, some states, and the state
that we resolved them to. Writes one line for each disagreement, and at the end one that counts what was compared. Needs a
Python environment with matrix-synapse.
"""
import json
import sys

from synapse import event_auth
from synapse.api.errors import SynapseError
from synapse.api.room_versions import KNOWN_ROOM_VERSIONS
from synapse.events import make_event_from_dict
from synapse.state import v1, v2
from synapse.storage.databases.main.event_federation import StateDifference


class Clock:
    async def sleep(self, *_args):
        return None


class Store:
    """The events of one room, and the walks that a database would do by its indexes."""

    def __init__(self, events):
        self.events = events

    async def get_events(self, event_ids, allow_rejected=False):
        return {event_id: self.events[event_id] for event_id in event_ids}

    def chain(self, event_ids):
        seen, todo = set(), list(event_ids)
        while todo:
            event_id = todo.pop()
            if event_id not in seen:
                seen.add(event_id)
                todo.extend(self.events[event_id].auth_event_ids())
        return seen

    def subgraph(self, conflicted, reachable):
        below = self.chain(conflicted)
        found, size = set(conflicted) | set(reachable or ()), 0
        while size != len(found):
            size = len(found)
            found |= {i for i in below if found & set(self.events[i].auth_event_ids())}
        return found & below

    async def get_auth_chain_difference(self, _room_id, state_sets, conflicted, reachable):
        chains = [self.chain(state) for state in state_sets]
        difference = set().union(*chains) - set.intersection(*chains)
        subgraph = None if conflicted is None else self.subgraph(conflicted, reachable)
        return StateDifference(auth_difference=difference, conflicted_subgraph=subgraph)


def run(coroutine):
    try:
        while True:
            coroutine.send(None)
    except StopIteration as finished:
        return finished.value


def allows(event, auth_events):
    try:
        event_auth.check_state_dependent_auth_rules(event, auth_events)
        return True
    except SynapseError:
        return False


def resolve(room, version, states, events):
    if room["version"] == "1":
        async def find(event_ids):
            return {event_id: events[event_id] for event_id in event_ids}

        return run(v1.resolve_events_with_store(room["room_id"], version, states, None, find))
    return run(v2.resolve_events_with_store(Clock(), room["room_id"], version, states, None, Store(events)))


counts = {"rooms": 0, "events": 0, "rejected": 0, "resolutions": 0, "differences": 0}


def judge(room):
    counts["rooms"] += 1
    version = KNOWN_ROOM_VERSIONS[room["version"]]
    events = {}
    for given in room["events"]:
        event = make_event_from_dict(given["pdu"], version, rejected_reason="rejected" if given["rejected"] else None)
        if event.event_id != given["event_id"]:
            yield {"event id": event.event_id, "ours": given["event_id"]}
        events[given["event_id"]] = event
    create = events[room["events"][0]["event_id"]]
    counts["events"] += len(events)
    for given in room["events"][1:]:
        counts["rejected"] += given["rejected"]
        event = events[given["event_id"]]
        authority = [events[event_id] for event_id in event.auth_event_ids()]
        if create not in authority:
            authority.append(create)
        if allows(event, authority) == given["rejected"]:
            yield {"rejected by us": given["rejected"], "event": given["pdu"]}
    states = [{(events[i].type, events[i].state_key): i for i in state} for state in room["states"]]
    if any(state != states[0] for state in states):
        counts["resolutions"] += 1
        theirs = set(resolve(room, version, states, events).values())
        if theirs != set(room["resolved"]):
            yield {"state of theirs": sorted(theirs - set(room["resolved"])), "ours": sorted(set(room["resolved"]) - theirs)}


for line in sys.stdin:
    room = json.loads(line)
    for disagreement in judge(room):
        counts["differences"] += 1
        print(json.dumps({"replay": room["replay"], **disagreement}))
print(json.dumps(counts))
