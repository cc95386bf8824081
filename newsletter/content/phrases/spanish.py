"""Spanish."""

from newsletter.content.phrases.form import Phrases, one_or_other

SPANISH = Phrases(
    language="es",
    months=(
        *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
        *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
    ),
    weekdays=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    full_date="{weekday}, {day} de {month} de {year}",
    long_date="{day} de {month} de {year}",
    short_date="{day} de {month}",
    plural=one_or_other,
    posts={"one": "{n} entrada", "other": "{n} entradas"},
    cards={
        "video": ("Vídeo", "Ver"),
        "audio": ("Audio", "Escuchar"),
        "post": ("Publicación", "Leer"),
        "gallery": ("Galería", "Ver"),
        "document": ("Documento", "Leer"),
        "link": ("Enlace", "Abrir"),
    },
    read_on_the_web="Leer en la web",
    unsubscribe="Darse de baja",
    settings="Sus preferencias",
    why="Recibes esta carta porque te suscribiste a {name} en {host}.",
    contents="En esta carta",
    sources="Fuentes",
    read_on="Seguir leyendo",
    read_on_at="Seguir leyendo en {source}",
    image="Imagen",
    note="nota",
    quotes=("«", "»"),
)
