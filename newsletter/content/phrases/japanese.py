"""Japanese: year, month, day."""

from newsletter.content.phrases.form import Phrases

JAPANESE = Phrases(
    language="ja",
    months=tuple(f"{month}月" for month in range(1, 13)),
    weekdays=("月曜日", "火曜日", "水曜日", "木曜日", "金曜日", "土曜日", "日曜日"),
    full_date="{year}年{month}{day}日{weekday}",
    long_date="{year}年{month}{day}日",
    short_date="{month}{day}日",
    plural=lambda _count: "other",
    posts={"other": "{n}件の記事"},
    cards={
        "video": ("動画", "見る"),
        "audio": ("音声", "聴く"),
        "post": ("投稿", "読む"),
        "gallery": ("写真", "見る"),
        "document": ("文書", "読む"),
        "link": ("リンク", "開く"),
    },
    read_on_the_web="ウェブで読む",
    unsubscribe="配信停止",
    settings="設定",
    why="{host}で{name}を購読されているため、このメールをお届けしています。",
    contents="今号の内容",
    sources="出典",
    read_on="続きを読む",
    read_on_at="{source}で続きを読む",
    image="画像",
    note="注",
    quotes=("「", "」"),
    colon="：",
)
