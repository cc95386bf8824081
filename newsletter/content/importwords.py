"""What the columns and statuses of a list of people are called, in the languages of the themes.

Words are compared without case, blanks and punctuation, and a whole word must match: “inactive” is
not “active”. Where several words are known, the first that a file has is taken.
"""

import unicodedata
from enum import StrEnum
from functools import lru_cache

from newsletter.models import SubscriberStatus


class Field(StrEnum):
    """What a column may hold."""

    ADDRESS = "address"
    NAME = "name"
    FIRST_NAME = "first name"
    LAST_NAME = "last name"
    STATUS = "status"
    ENDED = "ended"
    """Anything but empty or “no” means that they have left."""
    TAGS = "tags"
    LANGUAGE = "language"
    JOINED = "joined"
    CONFIRMED = "confirmed"
    LEFT = "left"
    """When they left; whether they did is for STATUS and ENDED to say."""
    REASON = "reason"
    TEXT_ONLY = "text only"
    PAUSED = "paused"
    CONSENT = "consent"


HEADERS: dict[Field, tuple[str, ...]] = {
    Field.ADDRESS: (
        "email", "emailaddress", "mail", "mailaddress", "subscriberemail", "contactemail", "useremail",
        "emailadresse", "mailadresse", "adresseemail", "adressemail", "courriel", "adresseélectronique",
        "correo", "correoelectrónico", "correoelectronico", "direccióndecorreo",
        "direccióndecorreoelectrónico",
        "електроннапошта", "електроннаадреса", "пошта", "імейл", "адресаелектронноїпошти",
        "البريدالإلكتروني", "البريدالالكتروني", "بريدإلكتروني", "البريد",
        "דואל", "אימייל", "דואראלקטרוני", "כתובתדואל", "כתובתאימייל",
        "メール", "メールアドレス", "eメール", "電子メール",
        "address", "adresse", "dirección", "адреса", "العنوان", "כתובת", "アドレス",
    ),
    Field.NAME: (
        "name", "fullname", "displayname", "subscribername", "vollständigername", "anzeigename",
        "nomcomplet", "nombrecompleto", "nombreyapellidos", "імя", "повнеімя", "піб",
        "الاسم", "الاسمالكامل", "שם", "שםמלא", "名前", "氏名", "お名前",
    ),
    Field.FIRST_NAME: (
        "firstname", "first", "fname", "givenname", "vorname", "prénom", "prenom", "nombre", "особистеімя",
        "الاسمالأول", "שםפרטי", "名",
    ),
    Field.LAST_NAME: (
        "lastname", "last", "lname", "surname", "familyname", "nachname", "familienname", "nomdefamille",
        "nom", "apellido", "apellidos", "прізвище", "اسمالعائلة", "שםמשפחה", "姓", "名字",
    ),
    Field.STATUS: (
        "status", "subscriptionstatus", "subscriberstatus", "emailstatus", "subscribed", "subscribedtoemails",
        "abonniert", "statut", "abonné", "estado", "suscrito", "статус", "підписка", "الحالة", "حالةالاشتراك",
        "סטטוס", "מצב", "状態", "ステータス", "購読状態",
    ),
    Field.ENDED: (
        "emaildisabled", "unsubscribed", "unsubscribedat", "unsubscribedate", "unsubscribedon", "optedout",
        "optout", "bounced", "abgemeldet", "abgemeldetam", "désabonné", "désinscrit", "dadodebaja",
        "відписано", "ألغىالاشتراك", "הוסר", "退会日", "配信停止",
    ),
    Field.TAGS: (
        "tags", "tag", "labels", "label", "groups", "topics", "schlagwörter", "schlagworte", "themen",
        "étiquettes", "motsclés", "etiquetas", "мітки", "теги", "الوسوم", "תגיות", "タグ",
    ),
    Field.LANGUAGE: (
        "language", "lang", "locale", "sprache", "langue", "idioma", "мова", "اللغة", "שפה", "言語",
    ),
    Field.JOINED: (
        "joined", "joinedat", "datejoined", "subscribedat", "subscribedon", "subscribedate",
        "subscriptiondate", "signupdate", "signedupat", "createdat", "created", "dateadded", "addedat",
        "optintime", "optindate", "creationdate", "anmeldedatum", "angemeldetam", "beigetreten",
        "dateinscription", "datedinscription", "inscritle", "fechadealta", "fechadesuscripción",
        "датапідписки", "датаприєднання",
        "تاريخالاشتراك", "تاريخالانضمام", "תאריךהצטרפות", "תאריךהרשמה", "登録日", "購読開始日",
    ),
    Field.CONFIRMED: (
        "confirmedat", "confirmtime", "confirmedon", "confirmationdate", "optinconfirmed", "bestätigtam",
        "confirméle", "confirmadoel", "підтвердженодата", "تاريخالتأكيد", "תאריךאישור", "確認日",
    ),
    Field.LEFT: (
        "leftat", "unsubscribedat", "unsubscribedate", "unsubscribedon", "abgemeldetam", "退会日",
    ),
    Field.REASON: ("reason", "suppressedreason", "bouncereason"),
    Field.TEXT_ONLY: ("textonly", "nurtext"),
    Field.PAUSED: ("pauseduntil",),
    Field.CONSENT: ("consent", "consentsource", "einwilligung", "consentement", "consentimiento"),
}  # fmt: skip
"""Words of headers, as `plain_word` makes them; English, German, French, Spanish, Ukrainian, Arabic,
Hebrew and Japanese, and those of other programs."""

LAST_RESORT = ("state",)
"""A status, unless another column is called so: it may be a part of a country."""

STATUS_WORDS: dict[SubscriberStatus, tuple[str, ...]] = {
    SubscriberStatus.CONFIRMED: (
        "", "confirmed", "subscribed", "active", "enabled", "optedin", "true", "yes", "y", "1", "on",
        "bestätigt", "abonniert", "angemeldet", "aktiv", "ja", "wahr", "confirmé", "abonné", "inscrit",
        "actif", "oui", "vrai", "confirmado", "suscrito", "activo", "sí", "si", "verdadero",
        "підтверджено", "підтверджений", "підписаний", "активний", "так", "مؤكد", "مشترك", "نشط", "نعم",
        "מאושר", "מנוי", "פעיל", "כן", "確認済み", "登録済み", "購読中", "有効", "はい",
    ),
    SubscriberStatus.UNCONFIRMED: (
        "unconfirmed", "pending", "notconfirmed", "waiting", "unbestätigt", "nichtbestätigt", "ausstehend",
        "nonconfirmé", "enattente", "noconfirmado", "pendiente", "непідтверджено", "непідтверджений",
        "очікує", "غيرمؤكد", "معلق", "לאמאושר", "ממתין", "未確認", "保留",
    ),
    SubscriberStatus.UNSUBSCRIBED: (
        "unsubscribed", "inactive", "optedout", "disabled", "cancelled", "canceled", "removed", "deleted",
        "archived", "nonsubscribed", "notsubscribed", "false", "no", "n", "0", "off", "left",
        "abgemeldet", "abbestellt", "nichtabonniert", "inaktiv", "gekündigt", "nein", "falsch",
        "désabonné", "désinscrit", "inactif", "non", "faux", "dadodebaja", "baja", "cancelado", "inactivo",
        "falso", "відписаний", "відписано", "неактивний", "ні", "ملغى", "غيرمشترك", "غيرنشط", "لا",
        "הוסר", "בוטל", "לאמנוי", "לאפעיל", "לא", "解除", "退会", "配信停止", "無効", "いいえ",
    ),
    SubscriberStatus.SUPPRESSED: (
        "suppressed", "cleaned", "bounced", "hardbounced", "hardbounce", "bounce", "complained",
        "complaint", "spam", "spamcomplaint", "blocked", "blocklisted", "blacklisted", "banned",
        "unreachable", "undeliverable", "invalid", "gesperrt", "unzustellbar", "bloqué", "rejeté",
        "bloqueado", "rebotado", "заблокований", "محظور", "חסום", "ブロック", "配信不能",
    ),
}  # fmt: skip
"""What other programs and languages call the four; the empty cell is the list's usual state."""

NO_WORDS = frozenset(
    {"", "false", "no", "n", "0", "off", "nein", "falsch", "non", "faux", "falso", "ні", "لا", "לא", "いいえ"}
)
YES_WORDS = frozenset(
    {
        *("true", "yes", "y", "1", "on", "ja", "wahr", "oui", "vrai"),
        *("sí", "si", "verdadero", "так", "نعم", "כן", "はい"),
    }
)

STRICTEST_FIRST = (
    SubscriberStatus.SUPPRESSED,
    SubscriberStatus.UNSUBSCRIBED,
    SubscriberStatus.UNCONFIRMED,
    SubscriberStatus.CONFIRMED,
)

STATUS_OF = {word: status for status, words in STATUS_WORDS.items() for word in words}


@lru_cache(maxsize=4096)
def plain_word(cell: str) -> str:
    """The letters and digits of a cell without case, in one writing (NFKC)."""
    text = cell if cell.isascii() else unicodedata.normalize("NFKC", cell)
    return "".join(character for character in text.casefold() if character.isalnum())
