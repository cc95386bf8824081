"""What is held of a person, and forgetting them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class PrivacyWords:
    """Sentences in which `{name}` is the newsletter's."""

    title: str
    explanation: str
    what: str
    value: str
    take: str
    take_explanation: str
    json: str
    csv: str
    erase: str
    """The title of the part, and the button that leads to the question."""
    erase_explanation: str
    sure: str
    sure_explanation: str
    """All that it means, before it is done."""
    sure_button: str
    erased: str
    erased_explanation: str
    unknown: str
    unknown_explanation: str
    settings: str
    """The link back."""
    labels: Mapping[str, str]
    """By the kinds of usecases.forgetting.KINDS."""


def _labels(words: str) -> Mapping[str, str]:
    """The labels, one a line, in the order of the kinds."""
    kinds = (
        "address", "name", "status", "suppressed", "source", "import", "language", "text only",
        "new address", "topic", "joined", "confirmed", "unsubscribed", "paused", "consent", "letter",
        "mail", "report",
    )  # fmt: skip
    return dict(zip(kinds, words.split("|"), strict=True))


PRIVACY: Mapping[str, PrivacyWords] = {
    "en": PrivacyWords(
        title="What {name} holds about you",
        explanation="This is everything that is kept about you, word for word.",
        what="What",
        value="Value",
        take="Take it with you",
        take_explanation="The same as a file, with the reports of the mail provider in full.",
        json="Download as JSON",
        csv="Download as CSV",
        erase="Erase everything",
        erase_explanation="Your address and all that is listed here are removed for good.",
        sure="Erase everything about you?",
        sure_explanation="Your address, your choices and the record of your consent are removed from {name} at once, and nobody can bring them back. No more letters will come. What remains is a code made from your address, from which it cannot be read: it keeps you from being added again without your wish. If you want to come back one day, sign up anew.",
        sure_button="Yes, erase everything",
        erased="Everything is erased",
        erased_explanation="{name} holds nothing about you any more. Farewell.",
        unknown="This link does not work any more",
        unknown_explanation="It works for 24 hours. You can ask for a new one.",
        settings="Back to my settings",
        labels=_labels(
            "Address|Name|Status|Why suppressed|Where your consent comes from|Imported from the file|Language"
            "|Text only|New address, not confirmed|Topic|On the list since|Confirmed|Unsubscribed|Paused until"
            "|Consent|Letter|Mail|Report of the mail provider"
        ),
    ),
    "de": PrivacyWords(
        title="Was {name} über Sie speichert",
        explanation="Das ist alles, was über Sie gespeichert ist, Wort für Wort.",
        what="Was",
        value="Wert",
        take="Mitnehmen",
        take_explanation="Dasselbe als Datei, mit den vollständigen Meldungen des Mailanbieters.",
        json="Als JSON herunterladen",
        csv="Als CSV herunterladen",
        erase="Alles löschen",
        erase_explanation="Ihre Adresse und alles, was hier steht, wird endgültig entfernt.",
        sure="Alles über Sie löschen?",
        sure_explanation="Ihre Adresse, Ihre Einstellungen und der Nachweis Ihrer Einwilligung werden sofort aus {name} entfernt, und niemand kann sie zurückholen. Es kommen keine Briefe mehr. Übrig bleibt ein Code, der aus Ihrer Adresse gebildet ist und aus dem sie nicht zu lesen ist: Er verhindert, dass Sie ohne Ihren Willen wieder eingetragen werden. Möchten Sie eines Tages zurückkommen, melden Sie sich einfach neu an.",
        sure_button="Ja, alles löschen",
        erased="Alles ist gelöscht",
        erased_explanation="{name} hat nichts mehr über Sie gespeichert. Leben Sie wohl.",
        unknown="Dieser Link gilt nicht mehr",
        unknown_explanation="Er gilt 24 Stunden. Sie können einen neuen anfordern.",
        settings="Zurück zu meinen Einstellungen",
        labels=_labels(
            "Adresse|Name|Status|Grund der Sperre|Herkunft Ihrer Einwilligung|Importiert aus der Datei|Sprache"
            "|Nur Text|Neue Adresse, unbestätigt|Thema|In der Liste seit|Bestätigt|Abbestellt|Pause bis"
            "|Einwilligung|Brief|Mail|Meldung des Mailanbieters"
        ),
    ),
    "fr": PrivacyWords(
        title="Ce que {name} conserve à votre sujet",
        explanation="Voici tout ce qui est conservé à votre sujet, mot pour mot.",
        what="Quoi",
        value="Valeur",
        take="Emporter vos données",
        take_explanation="La même chose dans un fichier, avec les rapports complets du service d’envoi.",
        json="Télécharger en JSON",
        csv="Télécharger en CSV",
        erase="Tout effacer",
        erase_explanation="Votre adresse et tout ce qui figure ici sont supprimés définitivement.",
        sure="Effacer tout ce qui vous concerne ?",
        sure_explanation="Votre adresse, vos choix et la preuve de votre consentement sont aussitôt supprimés de {name}, et personne ne pourra les récupérer. Vous ne recevrez plus de lettres. Il ne reste qu’un code calculé à partir de votre adresse, qui ne permet pas de la retrouver : il empêche qu’on vous inscrive de nouveau contre votre gré. Pour revenir un jour, il suffira de vous réinscrire.",
        sure_button="Oui, tout effacer",
        erased="Tout est effacé",
        erased_explanation="{name} ne conserve plus rien à votre sujet. Adieu.",
        unknown="Ce lien ne fonctionne plus",
        unknown_explanation="Il est valable 24 heures. Vous pouvez en demander un nouveau.",
        settings="Retour à mes réglages",
        labels=_labels(
            "Adresse|Nom|État|Motif du blocage|Origine de votre consentement|Importé du fichier|Langue"
            "|Texte seul|Nouvelle adresse, non confirmée|Sujet|Sur la liste depuis|Confirmé|Désabonné"
            "|En pause jusqu’au|Consentement|Lettre|Message|Rapport du service d’envoi"
        ),
    ),
    "es": PrivacyWords(
        title="Lo que {name} guarda sobre usted",
        explanation="Esto es todo lo que se guarda sobre usted, palabra por palabra.",
        what="Qué",
        value="Valor",
        take="Lléveselo",
        take_explanation="Lo mismo en un archivo, con los informes completos del servicio de correo.",
        json="Descargar como JSON",
        csv="Descargar como CSV",
        erase="Borrarlo todo",
        erase_explanation="Su dirección y todo lo que aparece aquí se eliminan para siempre.",
        sure="¿Borrar todo lo que hay sobre usted?",
        sure_explanation="Su dirección, sus preferencias y la constancia de su consentimiento se eliminan de {name} al instante, y nadie podrá recuperarlas. No recibirá más cartas. Solo queda un código calculado a partir de su dirección, del que no se puede leer: impide que alguien le inscriba de nuevo sin su voluntad. Si algún día quiere volver, inscríbase otra vez.",
        sure_button="Sí, borrarlo todo",
        erased="Todo está borrado",
        erased_explanation="{name} ya no guarda nada sobre usted. Hasta siempre.",
        unknown="Este enlace ya no funciona",
        unknown_explanation="Vale 24 horas. Puede pedir uno nuevo.",
        settings="Volver a mis ajustes",
        labels=_labels(
            "Dirección|Nombre|Estado|Motivo del bloqueo|Origen de su consentimiento|Importado del archivo|Idioma"
            "|Solo texto|Dirección nueva, sin confirmar|Tema|En la lista desde|Confirmado|Baja|En pausa hasta"
            "|Consentimiento|Carta|Mensaje|Informe del servicio de correo"
        ),
    ),
    "uk": PrivacyWords(
        title="Що «{name}» зберігає про вас",
        explanation="Це все, що про вас зберігається, слово в слово.",
        what="Що",
        value="Значення",
        take="Забрати з собою",
        take_explanation="Те саме у файлі, з повними звітами поштової служби.",
        json="Завантажити як JSON",
        csv="Завантажити як CSV",
        erase="Стерти все",
        erase_explanation="Вашу адресу і все, що тут указано, буде вилучено назавжди.",
        sure="Стерти все про вас?",
        sure_explanation="Вашу адресу, налаштування і запис вашої згоди буде негайно вилучено з «{name}», і ніхто не зможе їх повернути. Листи більше не надходитимуть. Залишиться лише код, утворений з вашої адреси, з якого її не можна прочитати: він не дає додати вас знову проти вашої волі. Якщо колись захочете повернутися, підпишіться знову.",
        sure_button="Так, стерти все",
        erased="Усе стерто",
        erased_explanation="«{name}» більше нічого про вас не зберігає. На все добре.",
        unknown="Це посилання вже не діє",
        unknown_explanation="Воно діє 24 години. Ви можете попросити нове.",
        settings="Назад до моїх налаштувань",
        labels=_labels(
            "Адреса|Ім’я|Стан|Причина блокування|Звідки ваша згода|Імпортовано з файлу|Мова|Лише текст"
            "|Нова адреса, не підтверджена|Тема|У списку з|Підтверджено|Відписано|Пауза до|Згода|Лист"
            "|Повідомлення|Звіт поштової служби"
        ),
    ),
    "ar": PrivacyWords(
        title="ما تحتفظ به {name} عنك",
        explanation="هذا كل ما هو محفوظ عنك، حرفيًا.",
        what="ماذا",
        value="القيمة",
        take="خذ بياناتك معك",
        take_explanation="الشيء نفسه في ملف، مع التقارير الكاملة من خدمة البريد.",
        json="تنزيل بصيغة JSON",
        csv="تنزيل بصيغة CSV",
        erase="محو كل شيء",
        erase_explanation="يُزال عنوانك وكل ما هو مذكور هنا نهائيًا.",
        sure="هل تريد محو كل ما يخصك؟",
        sure_explanation="يُزال عنوانك واختياراتك وسجل موافقتك من {name} فورًا، ولا يستطيع أحد استعادتها. لن تصلك رسائل أخرى. لا يبقى إلا رمز محسوب من عنوانك لا يمكن قراءته منه، وهو يمنع إضافتك من جديد دون رغبتك. وإن أردت العودة يومًا فاشترك من جديد.",
        sure_button="نعم، امحُ كل شيء",
        erased="مُحي كل شيء",
        erased_explanation="لم تعد {name} تحتفظ بأي شيء عنك. مع السلامة.",
        unknown="لم يعد هذا الرابط يعمل",
        unknown_explanation="يعمل مدة 24 ساعة. يمكنك طلب رابط جديد.",
        settings="العودة إلى إعداداتي",
        labels=_labels(
            "العنوان|الاسم|الحالة|سبب الإيقاف|مصدر موافقتك|مستورد من الملف|اللغة|نص فقط|عنوان جديد غير مؤكد"
            "|موضوع|في القائمة منذ|تأكيد|إلغاء الاشتراك|توقف مؤقت حتى|موافقة|رسالة|بريد|تقرير خدمة البريد"
        ),
    ),
    "he": PrivacyWords(
        title="מה {name} שומר עליך",
        explanation="זה כל מה ששמור עליך, מילה במילה.",
        what="מה",
        value="ערך",
        take="לקחת איתך",
        take_explanation="אותו הדבר כקובץ, עם הדיווחים המלאים של שירות הדואר.",
        json="הורדה כ־JSON",
        csv="הורדה כ־CSV",
        erase="מחיקת הכול",
        erase_explanation="הכתובת שלך וכל מה שרשום כאן יוסרו לתמיד.",
        sure="למחוק את כל מה ששמור עליך?",
        sure_explanation="הכתובת, הבחירות ותיעוד ההסכמה שלך יוסרו מ־{name} מייד, ואיש לא יוכל להחזירם. לא יגיעו עוד מכתבים. יישאר רק קוד שחושב מהכתובת ושאי אפשר לקרוא אותה ממנו: הוא מונע הוספה חוזרת בלי רצונך. כדי לחזור ביום מן הימים, די להירשם מחדש.",
        sure_button="כן, למחוק הכול",
        erased="הכול נמחק",
        erased_explanation="{name} לא שומר עליך עוד דבר. היו שלום.",
        unknown="הקישור הזה כבר לא פועל",
        unknown_explanation="הוא פועל 24 שעות. אפשר לבקש קישור חדש.",
        settings="חזרה להגדרות שלי",
        labels=_labels(
            "כתובת|שם|מצב|סיבת החסימה|מקור ההסכמה שלך|יובא מהקובץ|שפה|טקסט בלבד|כתובת חדשה, לא אושרה|נושא"
            "|ברשימה מאז|אושר|המינוי בוטל|בהפסקה עד|הסכמה|מכתב|הודעה|דיווח של שירות הדואר"
        ),
    ),
    "ja": PrivacyWords(
        title="{name}が保存しているあなたの情報",
        explanation="あなたについて保存されているすべてを、そのまま示しています。",
        what="項目",
        value="内容",
        take="データを持ち出す",
        take_explanation="同じ内容をファイルで受け取れます。配信サービスからの報告も全文入っています。",
        json="JSONでダウンロード",
        csv="CSVでダウンロード",
        erase="すべて消去する",
        erase_explanation="あなたのアドレスと、ここにあるすべてを完全に消去します。",
        sure="あなたの情報をすべて消去しますか",
        sure_explanation="アドレス、設定、同意の記録は{name}からただちに消去され、誰にも元に戻せません。お便りも届かなくなります。残るのはアドレスから作られた符号だけで、そこからアドレスを読み取ることはできません。これは、ご希望なしに再び登録されるのを防ぐためのものです。またお読みになりたいときは、改めてお申し込みください。",
        sure_button="はい、すべて消去します",
        erased="すべて消去しました",
        erased_explanation="{name}にあなたの情報は残っていません。ありがとうございました。",
        unknown="このリンクはもう使えません",
        unknown_explanation="有効期間は24時間です。新しいリンクをお求めいただけます。",
        settings="設定に戻る",
        labels=_labels(
            "アドレス|名前|状態|停止の理由|同意の出どころ|取り込み元のファイル|言語|テキストのみ|新しいアドレス（未確認）"
            "|話題|登録日時|確認|購読解除|休止期限|同意|お便り|メール|配信サービスの報告"
        ),
    ),
}
