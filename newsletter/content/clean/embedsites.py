"""Which page a person would open for what a post embeds.

Each rule reads `host/path?query` of an embed's address. The addresses are the players' own, as the
sites' embed dialogues gave them out between 2007 and 2026; what no rule knows keeps its address.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from newsletter.content.clean.addresses import address, host_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Embed:
    """What is embedded: `kind` is one of markdown.CARD_KINDS, `site` a name that readers know."""

    kind: str
    site: str
    url: str


_PODCASTS = (
    r"[^/]*(?:simplecast|buzzsprout|megaphone|captivate|transistor|podbean|acast|anchor|omny|blubrry|spreaker"
    r"|podigee|art19|redcircle)\.(?:com|fm|io|net|me)/"
)
_RULES: tuple[tuple[str, str, str, str], ...] = (
    # kind, site, pattern over host/path?query, page
    ("video", "YouTube", r"youtube(?:-nocookie)?\.com/embed/(?:videoseries)?/?\?(?:.*&)?list=(?P<id>[\w-]+)",
     "https://www.youtube.com/playlist?list={id}"),
    ("video", "YouTube",
     r"youtube(?:-nocookie)?\.com/(?:embed|v|e|shorts|live)/(?P<id>[\w-]+).*[?&](?:start|t)=(?P<t>\d+)",
     "https://www.youtube.com/watch?v={id}&t={t}s"),
    ("video", "YouTube", r"youtube(?:-nocookie)?\.com/(?:embed|v|e|shorts|live)/(?P<id>[\w-]+)",
     "https://www.youtube.com/watch?v={id}"),
    ("video", "YouTube", r"youtu\.be/(?P<id>[\w-]+)", "https://www.youtube.com/watch?v={id}"),
    ("video", "YouTube", r"youtube\.com/", ""),
    ("video", "Vimeo", r"player\.vimeo\.com/video/(?P<id>\d+)\?(?:.*&)?h=(?P<h>\w+)", "https://vimeo.com/{id}/{h}"),
    ("video", "Vimeo", r"player\.vimeo\.com/video/(?P<id>\d+)", "https://vimeo.com/{id}"),
    ("video", "Vimeo", r"vimeo\.com/moogaloop\.swf\?(?:.*&)?clip_id=(?P<id>\d+)", "https://vimeo.com/{id}"),
    ("video", "Vimeo", r"(?:player\.)?vimeo\.com/", ""),
    ("video", "Dailymotion", r"dailymotion\.com/(?:embed/video|swf|swf/video)/(?P<id>\w+)",
     "https://www.dailymotion.com/video/{id}"),
    ("video", "Dailymotion", r"geo\.dailymotion\.com/player(?:/\w+)?\.html\?(?:.*&)?video=(?P<id>\w+)",
     "https://www.dailymotion.com/video/{id}"),
    ("video", "Twitch", r"player\.twitch\.tv/\?(?:.*&)?video=v?(?P<id>\d+)", "https://www.twitch.tv/videos/{id}"),
    ("video", "Twitch", r"player\.twitch\.tv/\?(?:.*&)?channel=(?P<id>\w+)", "https://www.twitch.tv/{id}"),
    ("video", "Twitch", r"clips\.twitch\.tv/embed\?(?:.*&)?clip=(?P<id>[\w-]+)", "https://clips.twitch.tv/{id}"),
    ("video", "TED", r"embed(?:-ssl)?\.ted\.com/talks/(?:lang/[\w-]+/)?(?P<id>\w+)", "https://www.ted.com/talks/{id}"),
    ("video", "Streamable", r"streamable\.com/(?:e|o|s)/(?P<id>\w+)", "https://streamable.com/{id}"),
    ("video", "Internet Archive", r"archive\.org/embed/(?P<id>[^?]+)", "https://archive.org/details/{id}"),
    ("video", "Loom", r"loom\.com/embed/(?P<id>\w+)", "https://www.loom.com/share/{id}"),
    ("video", "VideoPress", r"(?:video\.wordpress|videopress)\.com/embed/(?P<id>\w+)", "https://videopress.com/v/{id}"),
    ("video", "PeerTube", r"(?P<host>[^/]+)/videos/embed/(?P<id>[\w-]+)", "https://{host}/videos/watch/{id}"),
    ("video", "Facebook", r"facebook\.com/plugins/video\.php\?(?:.*&)?href=(?P<url>[^&]+)", "{url}"),
    ("post", "Facebook", r"facebook\.com/plugins/post\.php\?(?:.*&)?href=(?P<url>[^&]+)", "{url}"),
    ("audio", "SoundCloud",
     r"w\.soundcloud\.com/player/?\?(?:.*&)?url=(?P<url>https?(?:%3A|:)(?:%2F|/){2}soundcloud\.com(?:%2F|/)[^&]+)",
     "{url}"),
    ("audio", "SoundCloud", r"(?:\w+\.)?soundcloud\.com/", ""),
    ("audio", "Spotify", r"open\.spotify\.com/embed(?:-podcast)?/(?P<id>[^?]+)",
     "https://open.spotify.com/{id}"),
    ("audio", "Spotify", r"embed\.spotify\.com/\?(?:.*&)?uri=spotify(?::|%3A)(?P<id>\w+)(?::|%3A)(?P<t>\w+)",
     "https://open.spotify.com/{id}/{t}"),
    ("audio", "Apple Music", r"embed\.music\.apple\.com/(?P<id>.+)", "https://music.apple.com/{id}"),
    ("audio", "Apple Podcasts", r"embed\.podcasts\.apple\.com/(?P<id>.+)", "https://podcasts.apple.com/{id}"),
    ("audio", "Mixcloud", r"(?:\w+\.)?mixcloud\.com/widget/iframe/\?(?:.*&)?feed=(?P<url>https?%3A[^&]+)",
     "{url}"),
    ("audio", "Deezer", r"widget\.deezer\.com/widget/\w+/(?P<id>\w+)/(?P<t>\d+)",
     "https://www.deezer.com/{id}/{t}"),
    ("audio", "Bandcamp", r"bandcamp\.com/", ""),
    ("audio", "podcast", r"(?:html5-player|play)\.libsyn\.com/", ""),
    ("audio", "podcast", _PODCASTS, ""),
    ("post", "Twitter", r"platform\.twitter\.com/embed/[^?]*\?(?:.*&)?id=(?P<id>\d+)", "https://twitter.com/i/status/{id}"),
    ("post", "Instagram", r"instagram\.com/(?P<t>p|reel|tv)/(?P<id>[\w-]+)/embed", "https://www.instagram.com/{t}/{id}/"),
    ("post", "TikTok", r"tiktok\.com/embed/(?:v2/)?(?P<id>\d+)", "https://www.tiktok.com/@/video/{id}"),
    ("post", "Reddit", r"(?:redditmedia|embed\.reddit|reddit)\.com/(?P<id>r/[^?]+)", "https://www.reddit.com/{id}"),
    ("post", "Bluesky", r"embed\.bsky\.app/embed/(?P<id>did:[\w:.]+)/app\.bsky\.feed\.post/(?P<t>\w+)",
     "https://bsky.app/profile/{id}/post/{t}"),
    ("post", "Mastodon", r"(?P<host>[^/]+)/(?P<id>@[\w.@-]+/\d+)/embed", "https://{host}/{id}"),
    ("post", "LinkedIn", r"linkedin\.com/embed/(?P<id>feed/update/[^?]+)", "https://www.linkedin.com/{id}"),
    ("gallery", "Imgur", r"imgur\.com/(?P<id>(?:a/|gallery/)?\w+)/embed", "https://imgur.com/{id}"),
    ("gallery", "Giphy", r"giphy\.com/embed/(?P<id>\w+)", "https://giphy.com/gifs/{id}"),
    ("gallery", "Flickr", r"(?:\w+\.)?flickr\.com/photos/(?P<id>.+?)/player/?", "https://www.flickr.com/photos/{id}/"),
    ("document", "CodePen", r"codepen\.io/(?P<id>[\w-]+)/embed/(?:preview/)?(?P<t>\w+)", "https://codepen.io/{id}/pen/{t}"),
    ("document", "GitHub Gist", r"gist\.github\.com/(?P<id>[\w-]+(?:/\w+)?)\.(?:js|pibb)", "https://gist.github.com/{id}"),
    ("document", "Scribd", r"scribd\.com/embeds/(?P<id>\d+)", "https://www.scribd.com/document/{id}"),
    ("document", "Google Docs", r"docs\.google\.com/", ""),
    ("document", "SlideShare", r"slideshare\.net/", ""),
    ("document", "Speaker Deck", r"speakerdeck\.com/player/(?P<id>\w+)", "https://speakerdeck.com/player/{id}"),
    ("document", "Issuu", r"(?:e\.)?issuu\.com/", ""),
    ("video", "Brightcove", r"[\w.-]*brightcove\.(?:com|net)/", ""),
    ("video", "Wistia", r"[\w.-]*wistia\.(?:com|net)/", ""),
    ("link", "Amazon", r"[\w.-]*amazon-adsystem\.com/", ""),
    ("link", "Google Maps", r"(?:maps\.google\.[a-z.]+/|google\.[a-z.]+/maps)", ""),
    ("link", "OpenStreetMap", r"openstreetmap\.org/export/embed", ""),
)  # fmt: skip
_SITES = tuple(
    (kind, site, re.compile(rf"(?:www\.|m\.)?{pattern}"), page) for kind, site, pattern, page in _RULES
)

_WORDPRESS_CARD = re.compile(r"/embed/?#\?secret=\w+\Z")


def embed(url: str) -> Embed:
    """What is embedded from an absolute address, and the page that a person would open for it."""
    url = _WORDPRESS_CARD.sub("/", url)
    parts = urlsplit(url)
    wanted = f"{parts.netloc.lower()}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")
    for kind, site, pattern, page in _SITES:
        if found := pattern.match(wanted):
            names = {
                name: unquote(value) if name == "url" else value for name, value in found.groupdict().items()
            }
            return Embed(kind=kind, site=site, url=address(page.format(**names), "") or url)
    return Embed(kind="link", site=host_of(url), url=url)
