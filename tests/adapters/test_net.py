"""net: what is asked, and what is never asked, over real connections on loopback."""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config.settings import HttpSettings
from newsletter.errors import BadSetting, FetchRefused, SourceFailed
from newsletter.net import MAX_BYTES, Fetcher, gunzip, readable
from newsletter.net.addresses import Rules, is_public
from tests.support.feedserver import ALLOW_LOOPBACK, Answer, FeedServer, feed_server, gzipped


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with feed_server() as running:
        yield running


def names(**table: Sequence[str]) -> dict[str, Sequence[str]]:
    return {name.replace("_", "."): addresses for name, addresses in table.items()}


def resolving(table: dict[str, Sequence[str]]) -> Fetcher:
    """A fetcher that knows only these names, and may ask 127.0.0.1."""

    def resolve(host: str, _port: int) -> Sequence[str]:
        try:
            return table.get(host) or [str(ipaddress.ip_address(host))]
        except ValueError:
            raise socket.gaierror(-2, "Name or service not known") from None

    return Fetcher(ALLOW_LOOPBACK, resolve=resolve)


# --- what may be asked ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "0x7f.1", "2130706433", "0177.0.0.1", "127.1", "0", "[::1]",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
        "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "[fe80::1]",
        "[fc00::1]", "[fec0::1]", "224.0.0.1", "255.255.255.255", "[::]",
    ],
)  # fmt: skip
def test_a_private_address_is_refused_in_every_writing(server: FeedServer, host: str) -> None:
    with pytest.raises(FetchRefused):
        Fetcher(HttpSettings(allow_ports=(server.port,))).get(f"http://{host}:{server.port}/")
    assert not server.asked


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.com/feed", "javascript:alert(1)", "feed.xml",
     "", "http://", "http://exa mple.com/", "http://a..b/", "http://user:secret@example.com/feed",
     "//example.com/feed"],
)  # fmt: skip
def test_only_whole_http_addresses_without_a_password_are_asked(url: str) -> None:
    with pytest.raises(FetchRefused) as refused:
        Fetcher(HttpSettings()).get(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "public"),
    [("8.8.8.8", True), ("2001:4860:4860::8888", True), ("::ffff:8.8.8.8", True), ("2002:808:808::1", True),
     ("2002:a00:1::", False), ("64:ff9b::808:808", False), ("2001::1", False), ("192.0.0.8", False),
     ("3fff::1", False)],
)  # fmt: skip
def test_public_is_what_everybody_reaches(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


@given(st.ip_addresses(v=4))
def test_wrapping_never_makes_a_private_address_public(address: ipaddress.IPv4Address) -> None:
    packed = int(address)
    mapped = ipaddress.IPv6Address((0xFFFF << 32) | packed)
    six_to_four = ipaddress.IPv6Address((0x2002 << 112) | (packed << 80))
    assert is_public(mapped) is is_public(six_to_four) is is_public(address)
    assert not is_public(ipaddress.IPv6Address(packed))
    assert not is_public(ipaddress.IPv6Address((0x64FF9B << 96) | packed))


def test_a_name_with_one_private_answer_among_public_ones_is_refused(server: FeedServer) -> None:
    fetcher = resolving(names(mixed_example=["8.8.8.8", "10.0.0.1"]))
    with pytest.raises(FetchRefused, match=r"mixed.example \(10.0.0.1\)"):
        fetcher.get("http://mixed.example/")


def test_the_address_that_was_checked_is_the_one_that_is_asked(server: FeedServer) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    fetcher = Fetcher(ALLOW_LOOPBACK, resolve=lambda *_: next(answers))
    server.serve("/", b"hello")

    assert fetcher.get(f"http://rebinding.example:{server.port}/").body == b"hello"

    assert server.asked[0].headers["host"] == f"rebinding.example:{server.port}"
    assert next(answers) == ["10.0.0.1"], "the name must be resolved once only"


def test_a_second_address_is_tried_when_the_first_does_not_answer(server: FeedServer) -> None:
    settings = HttpSettings(allow_private=("127.0.0.0/8",))
    server.serve("/", b"hello")
    fetcher = Fetcher(settings, resolve=lambda *_: ["127.0.0.2", "127.0.0.1"])
    assert fetcher.get(f"http://two.example:{server.port}/").body == b"hello"


def test_a_public_address_is_asked_on_the_ports_of_the_settings_only() -> None:
    rules = Rules(HttpSettings(allow_ports=(80, 443, 8443)))
    assert rules.refusal("a.example", ["8.8.8.8"], 8443) is None
    refusal = rules.refusal("a.example", ["8.8.8.8"], 22)
    assert refusal is not None
    assert "port 22" in str(refusal)
    assert "allow_ports" in refusal.remedy


def test_an_allowed_private_address_is_asked_on_any_port_unless_it_shares_its_name() -> None:
    rules = Rules(HttpSettings(allow_private=("10.0.0.0/24", "::1")))
    assert rules.refusal("lan.example", ["10.0.0.7", "::1"], 8080) is None
    assert rules.refusal("lan.example", ["10.0.1.7"], 80) is not None
    assert rules.refusal("lan.example", ["10.0.0.7", "8.8.8.8"], 8080) is not None


def test_a_wrong_allow_private_is_a_bad_setting() -> None:
    with pytest.raises(BadSetting, match=r"http.allow_private: “localhost”"):
        Fetcher(HttpSettings(allow_private=("localhost",)))


# --- redirects -----------------------------------------------------------------------------------


def moved(to: str, status: int = 302) -> Answer:
    return Answer(status=status, headers={"Location": to})


def test_three_redirects_are_followed_and_the_last_address_is_told(server: FeedServer) -> None:
    server.serve("/1", moved("/2", 301))
    server.serve("/2", moved(server.url("/3"), 308))
    server.serve("/3", moved("4?x=1", 301))
    server.serve("/4", b"here")
    response = Fetcher(ALLOW_LOOPBACK).get(server.url("/1"))
    assert (response.body, response.url) == (b"here", server.url("/4?x=1"))
    assert response.moved_permanently


def test_a_redirect_for_now_is_not_permanent(server: FeedServer) -> None:
    server.serve("/1", moved("/2", 301))
    server.serve("/2", moved("/3", 302))
    server.serve("/3", b"here")
    assert not Fetcher(ALLOW_LOOPBACK).get(server.url("/1")).moved_permanently
    assert not Fetcher(ALLOW_LOOPBACK).get(server.url("/3")).moved_permanently


def test_a_fourth_redirect_fails(server: FeedServer) -> None:
    server.serve("/loop", moved("/loop"))
    with pytest.raises(SourceFailed, match="more than 3 redirects"):
        Fetcher(ALLOW_LOOPBACK).get(server.url("/loop"))
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "http://[::1]/"]
)
def test_a_redirect_is_checked_like_the_first_address(server: FeedServer, target: str) -> None:
    server.serve("/", moved(target))
    with pytest.raises(FetchRefused):
        Fetcher(ALLOW_LOOPBACK).get(server.url("/"))


def test_headers_are_not_forwarded_to_another_host(server: FeedServer) -> None:
    with feed_server() as other:
        server.serve("/same", moved("/away"))
        server.serve("/away", moved(other.url("/there")))
        other.serve("/there", b"here")
        Fetcher(ALLOW_LOOPBACK).get(server.url("/same"), {"If-None-Match": '"tag"', "Cookie": "a=b"})
    assert [asked.headers.get("if-none-match") for asked in server.asked] == ['"tag"', '"tag"']
    assert not {"if-none-match", "cookie"} & set(other.asked[0].headers)


def test_cookies_are_not_kept(server: FeedServer) -> None:
    server.serve("/1", Answer(status=302, headers={"Location": "/2", "Set-Cookie": "id=1"}))
    server.serve("/2", b"here")
    fetcher = Fetcher(ALLOW_LOOPBACK)
    fetcher.get(server.url("/1"))
    fetcher.get(server.url("/2"))
    assert not any("cookie" in asked.headers for asked in server.asked)


def test_the_environments_proxy_is_not_asked(server: FeedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.serve("/", b"direct")
    with feed_server() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.origin)
        assert Fetcher(ALLOW_LOOPBACK).get(server.url("/")).body == b"direct"
    assert not proxy.asked


# --- caps ----------------------------------------------------------------------------------------


def test_gzip_is_decoded_and_the_program_names_itself(server: FeedServer) -> None:
    server.serve("/", gzipped(b"hello" * 1000))
    assert Fetcher(ALLOW_LOOPBACK).get(server.url("/")).body == b"hello" * 1000
    assert server.asked[0].headers["user-agent"].startswith("broadsheet/")


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_dripping_server_is_left_at_the_deadline(server: FeedServer, part: str) -> None:
    server.serve("/", Answer(drip=part))
    began = time.monotonic()
    with pytest.raises(SourceFailed, match=r"no whole answer within 0.3 seconds"):
        Fetcher(ALLOW_LOOPBACK, max_seconds=0.3).get(server.url("/"))
    assert time.monotonic() - began < 3


def test_a_resolver_that_hangs_is_left_at_the_deadline(server: FeedServer) -> None:
    def resolve(_host: str, _port: int) -> Sequence[str]:
        server.stopping.wait(5)
        return []

    with pytest.raises(SourceFailed, match="no whole answer"):
        Fetcher(ALLOW_LOOPBACK, resolve=resolve, max_seconds=0.1).get("http://slow.example/")


def test_a_body_over_the_limit_is_refused_before_it_is_whole(server: FeedServer) -> None:
    server.serve("/plain", b"x" * (MAX_BYTES + 1))
    server.serve("/bomb", gzipped(b"\0" * (60 * MAX_BYTES)))
    for path in ("/plain", "/bomb"):
        with pytest.raises(SourceFailed, match="larger than 5 MB"):
            Fetcher(ALLOW_LOOPBACK).get(server.url(path))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(body=b"x", headers={"Content-Encoding": "gzip, gzip"}), "not asked for"),
        (Answer(body=b"x", headers={"Content-Encoding": "br"}), "not asked for"),
        (Answer(body=b"plain", headers={"Content-Encoding": "gzip"}), "not the gzip data"),
        (
            Answer(body=gzipped(b"x" * 999).body[:-9], headers={"Content-Encoding": "gzip"}),
            "middle of its gzip",
        ),
        (Answer(body=b"x" * 1000, close=True), "without sending complete"),
    ],
    ids=["nested gzip", "unasked encoding", "no gzip", "cut gzip", "closed early"],
)
def test_an_answer_that_is_not_whole_fails_in_one_line(server: FeedServer, answer: Answer, said: str) -> None:
    server.serve("/feed", answer)
    with pytest.raises(SourceFailed) as failed:
        Fetcher(ALLOW_LOOPBACK).get(server.url("/feed?token=secret"))
    assert said in str(failed.value)
    assert "secret" not in str(failed.value)
    assert "\n" not in str(failed.value)


def test_unknown_names_and_refused_connections_say_so(server: FeedServer) -> None:
    with pytest.raises(SourceFailed, match="cannot be resolved"):
        resolving({}).get("http://nowhere.example/feed")
    with feed_server() as gone:
        pass
    with pytest.raises(SourceFailed, match=r": Connection refused — check the address"):
        Fetcher(ALLOW_LOOPBACK).get(gone.url("/"))


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=5), st.integers(1, 7))
def test_gzip_members_come_back_whole_in_any_chunks(parts: list[bytes], size: int) -> None:
    data = b"".join(gzipped(part).body for part in parts)
    assert gunzip(data[at : at + size] for at in range(0, len(data), size)) == b"".join(parts)


def test_a_url_is_told_without_what_may_be_secret() -> None:
    assert readable("https://user:pw@a.example/feed?token=1#x") == "https://a.example/feed?…"


# --- TLS -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate and key for the name `feeds.example`, signed by itself."""
    x509 = pytest.importorskip("cryptography.x509", reason="cryptography makes the certificate")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "feeds.example")])
    today = datetime.fromtimestamp(time.clock_gettime(time.CLOCK_REALTIME), UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("feeds.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_tls_is_verified_against_the_name_on_the_pinned_address(certificate: Path) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with feed_server(serving) as server:
        server.serve("/", b"hello")
        fetcher = Fetcher(ALLOW_LOOPBACK, resolve=lambda *_: ["127.0.0.1"], tls=trusting)
        assert fetcher.get(f"https://feeds.example:{server.port}/").body == b"hello"
        with pytest.raises(SourceFailed, match="certificate verify failed"):
            fetcher.get(f"https://other.example:{server.port}/")
        stranger = Fetcher(ALLOW_LOOPBACK, resolve=lambda *_: ["127.0.0.1"])
        with pytest.raises(SourceFailed, match=r"feeds\.example.*certificate"):
            stranger.get(f"https://feeds.example:{server.port}/")
        assert len(server.asked) == 1
