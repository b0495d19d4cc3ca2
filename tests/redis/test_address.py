import pytest

from tacet.redis.address import RedisAddress, read_address

ADDRESSES = {
    "redis://127.0.0.1": RedisAddress("127.0.0.1"),
    "redis://cache.example:6380/3": RedisAddress("cache.example", 6380, database=3),
    "redis://cache.example/": RedisAddress("cache.example"),
    "redis://:s3cret@cache.example": RedisAddress("cache.example", password="s3cret"),
    "redis://tacet:s3cret@cache.example/15": RedisAddress(
        "cache.example", user="tacet", password="s3cret", database=15
    ),
    "redis://t%40cet:s%2F3%3Acret@cache.example": RedisAddress("cache.example", user="t@cet", password="s/3:cret"),
    "redis://default:s3cret@cache.example": RedisAddress("cache.example", password="s3cret"),
    "unix://default:s3cret@/run/redis.sock": RedisAddress(path="/run/redis.sock", password="s3cret"),
    "rediss://cache.example": RedisAddress("cache.example", tls=True),
    "redis://[::1]:7000": RedisAddress("::1", 7000),
    "unix:///run/redis.sock": RedisAddress(path="/run/redis.sock"),
    "unix://:s3cret@/run/redis.sock?db=2": RedisAddress(path="/run/redis.sock", password="s3cret", database=2),
}


@pytest.mark.parametrize(("text", "address"), ADDRESSES.items(), ids=ADDRESSES.keys())
def test_an_address_says_where_and_as_whom(text: str, address: RedisAddress) -> None:
    assert read_address(text) == address


SHOWN = {
    "redis://tacet:s3cret@cache.example/15": "redis://cache.example:6379/15",
    "rediss://:s3cret@[::1]:7000": "rediss://[::1]:7000/0",
    "unix://:s3cret@/run/redis.sock?db=2": "unix:///run/redis.sock?db=2",
}


@pytest.mark.parametrize(("text", "shown"), SHOWN.items(), ids=SHOWN.keys())
def test_it_is_shown_without_its_password(text: str, shown: str) -> None:
    address = read_address(text)
    assert address.shown() == shown
    assert read_address(shown) == RedisAddress(
        address.host, address.port, address.path, database=address.database, tls=address.tls
    )
    assert "s3cret" not in repr(address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "127.0.0.1:6379",
        "http://:s3cret@cache.example",
        "redis://",
        "redis://:s3cret@",
        "redis://:s3cret@:6379",
        "redis://:s3cret@cache.example:port",
        "redis://:s3cret@cache.example:70000",
        "redis://:s3cret@cache.example/one",
        "redis://:s3cret@cache.example/-1",
        "redis://:s3cret@cache.example/1/2",
        "redis://:s3cret@cache.example/12345",
        "redis://:s3cret@cache.example/٣",
        "redis://:s3cret@cache.example?db=1",
        "redis://:s3cret@cache.example#1",
        "redis://:s3cret@[::1",
        "redis://s3cret@cache.example",
        "unix://",
        "unix:///",
        "unix://:s3cret@relative/path",
        "unix:///run/redis.sock?db=",
        "unix:///run/redis.sock?db=1&db=2",
        "unix:///run/redis.sock?password=s3cret",
    ],
)
def test_anything_else_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError) as refused:
        read_address(text)
    assert "s3cret" not in str(refused.value)
    assert refused.value.__context__ is None or refused.value.__suppress_context__
