"""Joining the list: the form, the mailbox, the confirmation."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class JoiningWords:
    """Sentences in which `{name}` is the newsletter's."""

    title: str
    address: str
    bad_address: str
    your_name: str
    optional: str
    topics: str
    consent: str
    """What people agree to, when the settings name no words of the author's."""
    privacy: str
    button: str
    look: str
    look_explanation: str
    closed: str
    closed_explanation: str
    confirm: str
    confirm_explanation: str
    confirm_button: str
    welcome: str
    welcome_explanation: str
    ended: str
    ended_explanation: str
    unknown: str
    unknown_explanation: str
    again: str
    """The link to the form on pages of links that do not work any more."""


JOINING: Mapping[str, JoiningWords] = {
    "en": JoiningWords(
        title="Get {name} by mail",
        address="Your address",
        bad_address="No mail can reach this address. Look at it once more.",
        your_name="Your name",
        optional="optional",
        topics="What interests you",
        consent="Send me {name} by mail. I can leave at any time with one click.",
        privacy="Privacy",
        button="Subscribe",
        look="Look into your mailbox",
        look_explanation="If nothing stands against it, a mail is on its way to you. Press the button in it, and {name} will come.",
        closed="Not open",
        closed_explanation="{name} takes no new readers on this page.",
        confirm="One more step",
        confirm_explanation="Press the button, and {name} will come to your address.",
        confirm_button="Yes, send me {name}",
        welcome="Welcome",
        welcome_explanation="{name} will come to your address from now on.",
        ended="This link is used up",
        ended_explanation="You have left since this link was sent. To come back, ask for {name} anew.",
        unknown="This link does not work",
        unknown_explanation="It is older than a week, or it was cut. Ask for a new one.",
        again="Ask for {name}",
    ),
    "de": JoiningWords(
        title="{name} per E-Mail erhalten",
        address="Ihre Adresse",
        bad_address="An diese Adresse kann keine Mail gelangen. Bitte prüfen Sie sie noch einmal.",
        your_name="Ihr Name",
        optional="freiwillig",
        topics="Was Sie interessiert",
        consent="Ich möchte {name} per E-Mail erhalten. Ich kann jederzeit mit einem Klick abbestellen.",
        privacy="Datenschutz",
        button="Abonnieren",
        look="Sehen Sie in Ihr Postfach",
        look_explanation="Wenn nichts dagegen spricht, ist eine Mail zu Ihnen unterwegs. Drücken Sie den Knopf darin, dann kommt {name}.",
        closed="Nicht geöffnet",
        closed_explanation="{name} nimmt auf dieser Seite niemanden neu auf.",
        confirm="Noch ein Schritt",
        confirm_explanation="Drücken Sie den Knopf, dann kommt {name} an Ihre Adresse.",
        confirm_button="Ja, ich möchte {name} erhalten",
        welcome="Willkommen",
        welcome_explanation="{name} kommt von nun an zu Ihnen.",
        ended="Dieser Link gilt nicht mehr",
        ended_explanation="Sie haben abbestellt, seit dieser Link verschickt wurde. Um zurückzukommen, bestellen Sie {name} neu.",
        unknown="Dieser Link funktioniert nicht",
        unknown_explanation="Er ist älter als eine Woche oder wurde abgeschnitten. Bitte fordern Sie einen neuen an.",
        again="{name} bestellen",
    ),
    "fr": JoiningWords(
        title="Recevoir {name} par courriel",
        address="Votre adresse",
        bad_address="Aucun courriel ne peut atteindre cette adresse. Vérifiez-la, s’il vous plaît.",
        your_name="Votre nom",
        optional="facultatif",
        topics="Ce qui vous intéresse",
        consent="Envoyez-moi {name} par courriel. Je peux me désabonner à tout moment en un clic.",
        privacy="Confidentialité",
        button="S’abonner",
        look="Regardez votre boîte aux lettres",
        look_explanation="Si rien ne s’y oppose, un message est en route. Appuyez sur le bouton qu’il contient, et {name} viendra.",
        closed="Fermé",
        closed_explanation="{name} n’accepte pas de nouveaux lecteurs sur cette page.",
        confirm="Encore une étape",
        confirm_explanation="Appuyez sur le bouton, et {name} viendra à votre adresse.",
        confirm_button="Oui, envoyez-moi {name}",
        welcome="Bienvenue",
        welcome_explanation="{name} viendra désormais à votre adresse.",
        ended="Ce lien a déjà servi",
        ended_explanation="Vous vous êtes désabonné depuis l’envoi de ce lien. Pour revenir, demandez à nouveau {name}.",
        unknown="Ce lien ne fonctionne pas",
        unknown_explanation="Il a plus d’une semaine, ou il a été coupé. Demandez-en un nouveau.",
        again="Demander {name}",
    ),
    "es": JoiningWords(
        title="Recibir {name} por correo",
        address="Su dirección",
        bad_address="Ningún correo puede llegar a esta dirección. Revísela, por favor.",
        your_name="Su nombre",
        optional="opcional",
        topics="Lo que le interesa",
        consent="Envíenme {name} por correo. Puedo darme de baja en cualquier momento con un clic.",
        privacy="Privacidad",
        button="Suscribirse",
        look="Mire en su buzón",
        look_explanation="Si nada lo impide, un mensaje va de camino. Pulse el botón que contiene y {name} llegará.",
        closed="No está abierto",
        closed_explanation="{name} no admite nuevos lectores en esta página.",
        confirm="Un paso más",
        confirm_explanation="Pulse el botón y {name} llegará a su dirección.",
        confirm_button="Sí, quiero recibir {name}",
        welcome="Le damos la bienvenida",
        welcome_explanation="{name} llegará desde ahora a su dirección.",
        ended="Este enlace ya no vale",
        ended_explanation="Se dio de baja después de que se enviara este enlace. Para volver, pida {name} de nuevo.",
        unknown="Este enlace no funciona",
        unknown_explanation="Tiene más de una semana, o está cortado. Pida uno nuevo.",
        again="Pedir {name}",
    ),
    "uk": JoiningWords(
        title="Отримувати «{name}» поштою",
        address="Ваша адреса",
        bad_address="На цю адресу не дійде жоден лист. Перевірте її ще раз.",
        your_name="Ваше ім’я",
        optional="за бажанням",
        topics="Що вас цікавить",
        consent="Надсилайте мені «{name}» поштою. Я можу відписатися будь-коли одним натисканням.",
        privacy="Приватність",
        button="Підписатися",
        look="Загляньте до поштової скриньки",
        look_explanation="Якщо ніщо не заважає, лист уже в дорозі. Натисніть у ньому кнопку, і «{name}» почне надходити.",
        closed="Закрито",
        closed_explanation="«{name}» не приймає нових читачів на цій сторінці.",
        confirm="Ще один крок",
        confirm_explanation="Натисніть кнопку, і «{name}» надходитиме на вашу адресу.",
        confirm_button="Так, надсилайте мені",
        welcome="Вітаємо",
        welcome_explanation="Відтепер «{name}» надходитиме на вашу адресу.",
        ended="Це посилання вже не діє",
        ended_explanation="Відтоді як його надіслано, ви відписалися. Щоб повернутися, попросіть «{name}» ще раз.",
        unknown="Це посилання не працює",
        unknown_explanation="Йому понад тиждень або його обрізано. Попросіть нове.",
        again="Попросити «{name}»",
    ),
    "ar": JoiningWords(
        title="استلام {name} بالبريد",
        address="عنوان بريدك",
        bad_address="لا يمكن أن تصل رسالة إلى هذا العنوان. يُرجى التحقق منه.",
        your_name="اسمك",
        optional="اختياري",
        topics="ما يهمك",
        consent="أرسلوا إليّ {name} بالبريد. يمكنني إلغاء الاشتراك في أي وقت بنقرة واحدة.",
        privacy="الخصوصية",
        button="اشتراك",
        look="انظر في بريدك",
        look_explanation="إن لم يمنع مانع فهناك رسالة في طريقها إليك. اضغط الزر الذي فيها وستصلك {name}.",
        closed="غير متاح",
        closed_explanation="لا تقبل {name} قراءً جددًا في هذه الصفحة.",
        confirm="خطوة أخيرة",
        confirm_explanation="اضغط الزر وستصل {name} إلى عنوانك.",
        confirm_button="نعم، أرسلوا إليّ {name}",
        welcome="أهلًا بك",
        welcome_explanation="ستصل {name} إلى عنوانك من الآن فصاعدًا.",
        ended="انتهت صلاحية هذا الرابط",
        ended_explanation="لقد ألغيت الاشتراك بعد إرسال هذا الرابط. للعودة اطلب {name} من جديد.",
        unknown="هذا الرابط لا يعمل",
        unknown_explanation="مضى عليه أكثر من أسبوع أو أنه مقطوع. اطلب رابطًا جديدًا.",
        again="طلب {name}",
    ),
    "he": JoiningWords(
        title="לקבל את {name} בדואר",
        address="הכתובת שלך",
        bad_address="שום הודעה לא תגיע לכתובת זו. כדאי לבדוק אותה שוב.",
        your_name="השם שלך",
        optional="לא חובה",
        topics="מה מעניין אותך",
        consent="לשלוח אליי את {name} בדואר. אפשר לבטל בכל עת בלחיצה אחת.",
        privacy="פרטיות",
        button="הרשמה",
        look="כדאי להציץ בתיבת הדואר",
        look_explanation="אם אין מניעה, הודעה כבר בדרך. לחיצה על הכפתור שבה, ו־{name} יתחיל להגיע.",
        closed="סגור",
        closed_explanation="{name} לא מקבל קוראים חדשים בדף הזה.",
        confirm="עוד צעד אחד",
        confirm_explanation="לחיצה על הכפתור, ו־{name} יגיע לכתובתך.",
        confirm_button="כן, לשלוח אליי את {name}",
        welcome="ברוכים הבאים",
        welcome_explanation="{name} יגיע מעתה לכתובתך.",
        ended="הקישור הזה כבר לא בתוקף",
        ended_explanation="המינוי בוטל מאז שנשלח הקישור. כדי לחזור יש לבקש את {name} מחדש.",
        unknown="הקישור הזה לא פועל",
        unknown_explanation="עבר יותר משבוע מאז שנשלח, או שהוא נקטע. אפשר לבקש חדש.",
        again="לבקש את {name}",
    ),
    "ja": JoiningWords(
        title="{name}をメールで受け取る",
        address="メールアドレス",
        bad_address="このアドレスにはメールが届きません。もう一度ご確認ください。",
        your_name="お名前",
        optional="任意",
        topics="興味のある話題",
        consent="{name}をメールで受け取ります。いつでもワンクリックで解除できます。",
        privacy="プライバシー",
        button="購読する",
        look="メールボックスをご覧ください",
        look_explanation="差し支えがなければ、メールをお送りしています。その中のボタンを押すと{name}が届くようになります。",
        closed="受け付けていません",
        closed_explanation="このページでは{name}の新しい読者を受け付けていません。",
        confirm="あと一歩です",
        confirm_explanation="ボタンを押すと、{name}がこのアドレスに届きます。",
        confirm_button="{name}を購読する",
        welcome="ようこそ",
        welcome_explanation="今後、{name}をお届けします。",
        ended="このリンクは使えなくなりました",
        ended_explanation="このリンクが送られたあとに購読を解除されています。戻るには、もう一度{name}を申し込んでください。",
        unknown="このリンクは使えません",
        unknown_explanation="1週間以上たっているか、途中で切れています。新しいリンクを申し込んでください。",
        again="{name}を申し込む",
    ),
}
