"""What the pages say when there is nothing to show."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class TroubleWords:
    """A title and a sentence for each family of answers that are none."""

    missing: str
    missing_explanation: str
    refused: str
    refused_explanation: str
    broken: str
    broken_explanation: str


TROUBLE: Mapping[str, TroubleWords] = {
    "en": TroubleWords(
        missing="Not here",
        missing_explanation="There is nothing at this address. A link may have been cut in two.",
        refused="That could not be taken",
        refused_explanation="The request was not as this page expects it. Go back and try once more.",
        broken="Something broke",
        broken_explanation="It is not your fault, and nothing is lost. Please try again in a few minutes.",
    ),
    "de": TroubleWords(
        missing="Hier ist nichts",
        missing_explanation="Unter dieser Adresse gibt es nichts. Vielleicht wurde ein Link abgeschnitten.",
        refused="Das ging nicht",
        refused_explanation="Die Anfrage war nicht so, wie diese Seite sie erwartet. Gehen Sie zurück und versuchen Sie es noch einmal.",
        broken="Etwas ist schiefgegangen",
        broken_explanation="Es liegt nicht an Ihnen, und nichts ist verloren. Bitte versuchen Sie es in einigen Minuten wieder.",
    ),
    "fr": TroubleWords(
        missing="Rien ici",
        missing_explanation="Il n’y a rien à cette adresse. Un lien a peut-être été coupé.",
        refused="Cela n’a pas pu être pris",
        refused_explanation="La demande n’était pas celle que cette page attend. Revenez en arrière et réessayez.",
        broken="Quelque chose s’est cassé",
        broken_explanation="Ce n’est pas votre faute, et rien n’est perdu. Réessayez dans quelques minutes.",
    ),
    "es": TroubleWords(
        missing="Aquí no hay nada",
        missing_explanation="No hay nada en esta dirección. Quizá se cortó un enlace.",
        refused="No se pudo aceptar",
        refused_explanation="La petición no era la que esta página espera. Vuelva atrás e inténtelo otra vez.",
        broken="Algo se rompió",
        broken_explanation="No es culpa suya y nada se ha perdido. Inténtelo de nuevo en unos minutos.",
    ),
    "uk": TroubleWords(
        missing="Тут нічого немає",
        missing_explanation="За цією адресою нічого немає. Можливо, посилання обрізано.",
        refused="Не вдалося прийняти",
        refused_explanation="Запит був не таким, як очікує ця сторінка. Поверніться і спробуйте ще раз.",
        broken="Щось зламалося",
        broken_explanation="Це не ваша провина, і нічого не втрачено. Спробуйте ще раз за кілька хвилин.",
    ),
    "ar": TroubleWords(
        missing="لا شيء هنا",
        missing_explanation="لا يوجد شيء في هذا العنوان. ربما قُطع الرابط.",
        refused="تعذّر قبول الطلب",
        refused_explanation="لم يكن الطلب كما تتوقعه هذه الصفحة. ارجع وحاول مرة أخرى.",
        broken="حدث خلل",
        broken_explanation="ليس هذا خطأك ولم يضع شيء. يُرجى المحاولة بعد بضع دقائق.",
    ),
    "he": TroubleWords(
        missing="אין כאן דבר",
        missing_explanation="אין דבר בכתובת הזו. ייתכן שהקישור נקטע.",
        refused="לא ניתן היה לקבל זאת",
        refused_explanation="הבקשה לא הייתה כפי שהדף הזה מצפה. אפשר לחזור אחורה ולנסות שוב.",
        broken="משהו השתבש",
        broken_explanation="זו לא אשמתך ושום דבר לא אבד. אפשר לנסות שוב בעוד כמה דקות.",
    ),
    "ja": TroubleWords(
        missing="ここには何もありません",
        missing_explanation="このアドレスには何もありません。リンクが途中で切れているかもしれません。",
        refused="受け付けられませんでした",
        refused_explanation="このページで扱えない内容でした。前のページに戻って、もう一度お試しください。",
        broken="問題が起きました",
        broken_explanation="お客様のせいではなく、失われたものもありません。数分後にもう一度お試しください。",
    ),
}
