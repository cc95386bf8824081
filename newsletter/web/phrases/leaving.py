"""Leaving the list, and the way back."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class LeavingWords:
    """Sentences in which `{name}` is the newsletter's."""

    unsubscribe: str
    """The title and the button."""
    unsubscribe_explanation: str
    gone: str
    gone_explanation: str
    """With a mail that holds the way back on its way."""
    back: str
    back_explanation: str
    back_button: str
    returned: str
    returned_explanation: str
    late: str
    late_explanation: str
    unknown: str
    unknown_explanation: str
    again: str
    """The link to the sign-up form."""


LEAVING: Mapping[str, LeavingWords] = {
    "en": LeavingWords(
        unsubscribe="Unsubscribe",
        unsubscribe_explanation="You will get no more letters from {name}.",
        gone="You are unsubscribed",
        gone_explanation="{name} will not write to you again. If that was a mistake, the mail that says so holds a way back for 24 hours.",
        back="Come back?",
        back_explanation="{name} will come to you again, as before.",
        back_button="Yes, come back",
        returned="Welcome back",
        returned_explanation="{name} will come to you again, as before.",
        late="The way back is closed",
        late_explanation="You can ask for {name} anew at any time.",
        unknown="This link does not work",
        unknown_explanation="This link is not one of ours, or it was cut. Try the one in a newer letter.",
        again="Ask for {name}",
    ),
    "de": LeavingWords(
        unsubscribe="Abbestellen",
        unsubscribe_explanation="Sie erhalten dann keine Briefe von {name} mehr.",
        gone="Sie haben abbestellt",
        gone_explanation="{name} wird Ihnen nicht mehr schreiben. War es ein Versehen, führt die Mail dazu 24 Stunden lang zurück.",
        back="Zurückkommen?",
        back_explanation="{name} kommt dann wieder wie bisher zu Ihnen.",
        back_button="Ja, wieder abonnieren",
        returned="Willkommen zurück",
        returned_explanation="{name} kommt wieder wie bisher zu Ihnen.",
        late="Der Weg zurück ist zu",
        late_explanation="Sie können {name} jederzeit neu bestellen.",
        unknown="Dieser Link funktioniert nicht",
        unknown_explanation="Er ist keiner von uns oder wurde abgeschnitten. Versuchen Sie den in einem neueren Brief.",
        again="{name} bestellen",
    ),
    "fr": LeavingWords(
        unsubscribe="Se désabonner",
        unsubscribe_explanation="Vous ne recevrez plus de lettres de {name}.",
        gone="Vous êtes désabonné",
        gone_explanation="{name} ne vous écrira plus. Si c’était une erreur, le message qui le confirme permet de revenir pendant 24 heures.",
        back="Revenir ?",
        back_explanation="{name} viendra de nouveau, comme avant.",
        back_button="Oui, revenir",
        returned="Content de vous revoir",
        returned_explanation="{name} vient de nouveau à votre adresse, comme avant.",
        late="Le retour n’est plus possible",
        late_explanation="Vous pouvez demander {name} à nouveau à tout moment.",
        unknown="Ce lien ne fonctionne pas",
        unknown_explanation="Ce n’est pas l’un des nôtres, ou il a été coupé. Essayez celui d’une lettre plus récente.",
        again="Demander {name}",
    ),
    "es": LeavingWords(
        unsubscribe="Darse de baja",
        unsubscribe_explanation="No recibirá más cartas de {name}.",
        gone="Se ha dado de baja",
        gone_explanation="{name} no le escribirá más. Si fue un error, el mensaje que lo confirma permite volver durante 24 horas.",
        back="¿Volver?",
        back_explanation="{name} volverá a llegarle como antes.",
        back_button="Sí, volver",
        returned="Nos alegra su regreso",
        returned_explanation="{name} vuelve a llegarle como antes.",
        late="Ya no es posible volver",
        late_explanation="Puede pedir {name} de nuevo en cualquier momento.",
        unknown="Este enlace no funciona",
        unknown_explanation="No es de los nuestros, o está cortado. Pruebe el de una carta más reciente.",
        again="Pedir {name}",
    ),
    "uk": LeavingWords(
        unsubscribe="Відписатися",
        unsubscribe_explanation="Ви більше не отримуватимете листів «{name}».",
        gone="Ви відписалися",
        gone_explanation="«{name}» більше вам не писатиме. Якщо це помилка, лист про це містить дорогу назад на 24 години.",
        back="Повернутися?",
        back_explanation="«{name}» знову надходитиме, як раніше.",
        back_button="Так, повернутися",
        returned="З поверненням",
        returned_explanation="«{name}» знову надходить, як раніше.",
        late="Дорогу назад зачинено",
        late_explanation="Ви можете будь-коли попросити «{name}» ще раз.",
        unknown="Це посилання не працює",
        unknown_explanation="Воно не наше або його обрізано. Спробуйте посилання з новішого листа.",
        again="Попросити «{name}»",
    ),
    "ar": LeavingWords(
        unsubscribe="إلغاء الاشتراك",
        unsubscribe_explanation="لن تصلك رسائل أخرى من {name}.",
        gone="أُلغي اشتراكك",
        gone_explanation="لن تراسلك {name} بعد الآن. إن كان ذلك خطأ، ففي رسالة التأكيد طريق للعودة مدة 24 ساعة.",
        back="هل تريد العودة؟",
        back_explanation="ستصلك {name} من جديد كما كانت.",
        back_button="نعم، أريد العودة",
        returned="أهلًا بعودتك",
        returned_explanation="تصلك {name} من جديد كما كانت.",
        late="انتهت مهلة العودة",
        late_explanation="يمكنك طلب {name} من جديد في أي وقت.",
        unknown="هذا الرابط لا يعمل",
        unknown_explanation="ليس من روابطنا أو أنه مقطوع. جرّب الرابط في رسالة أحدث.",
        again="طلب {name}",
    ),
    "he": LeavingWords(
        unsubscribe="ביטול המינוי",
        unsubscribe_explanation="לא יגיעו אליך עוד מכתבים מ־{name}.",
        gone="המינוי בוטל",
        gone_explanation="{name} לא יכתוב אליך עוד. אם זו הייתה טעות, ההודעה על כך מובילה בחזרה במשך 24 שעות.",
        back="לחזור?",
        back_explanation="{name} ישוב להגיע אליך כמו קודם.",
        back_button="כן, לחזור",
        returned="טוב שחזרת",
        returned_explanation="{name} שב להגיע אליך כמו קודם.",
        late="הדרך חזרה נסגרה",
        late_explanation="אפשר לבקש את {name} מחדש בכל עת.",
        unknown="הקישור הזה לא פועל",
        unknown_explanation="הוא לא משלנו, או שנקטע. אפשר לנסות את זה שבמכתב חדש יותר.",
        again="לבקש את {name}",
    ),
    "ja": LeavingWords(
        unsubscribe="購読を解除する",
        unsubscribe_explanation="{name}は今後届かなくなります。",
        gone="購読を解除しました",
        gone_explanation="今後{name}は届きません。間違いだった場合は、お知らせのメールから24時間以内に元に戻せます。",
        back="購読に戻りますか",
        back_explanation="{name}が以前と同じように届きます。",
        back_button="はい、戻ります",
        returned="おかえりなさい",
        returned_explanation="{name}が以前と同じように届きます。",
        late="戻れる期間が過ぎました",
        late_explanation="{name}はいつでも改めて申し込めます。",
        unknown="このリンクは使えません",
        unknown_explanation="当方のものではないか、途中で切れています。新しいお便りのリンクをお試しください。",
        again="{name}を申し込む",
    ),
}
