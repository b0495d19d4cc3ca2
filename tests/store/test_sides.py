"""What is known of the rows of a table, whatever database they are in."""

from tacet.store.sides import Mark, Row, Table, checksum


def test_checksums_do_not_depend_on_the_order_and_tell_what_is_different() -> None:
    rows: list[Row] = [(1, "a", None, b"x"), (2, "", None, b""), (3, "a", 0, b"x")]
    assert checksum(rows) == checksum(rows[::-1])
    others: list[list[Row]] = [
        rows[:2],
        [*rows, rows[0]],
        [*rows[:2], (3, "a", None, b"x")],
        [*rows[:2], (3, "a", 0, "x")],
        [*rows[:2], ("3", "a", 0, b"x")],
    ]
    assert len({checksum(each) for each in [rows, *others]}) == len(others) + 1


def test_a_mark_that_grew_in_stretches_is_the_same_as_one_of_all_rows_at_once() -> None:
    table = Table("app_usage", ("app_id", "hour", "requests"))
    rows: list[Row] = [(1, 480_000, 7), (1, 480_001, 3), (2, 480_000, 1)]
    at_once = Mark().grown(table, rows)
    in_stretches = Mark().grown(table, rows[:1]).grown(table, rows[1:])
    assert at_once == in_stretches
    assert (at_once.rows, at_once.reached) == (3, (2, 480_000))
    assert not at_once.is_same(Mark().grown(table, rows[:2]))


def test_a_mark_is_read_as_it_was_stored() -> None:
    table = Table("token", ("digest", "user_id"))
    mark = Mark().grown(table, [(b"\x00\xff" * 16, 7)])
    assert Mark.unpacked(*mark.packed()) == mark
    assert Mark.unpacked(*Mark().packed()) == Mark()
