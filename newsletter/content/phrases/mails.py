"""What the program's own mails to readers say, in the languages of the letters."""

from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.models import SystemMailKind


@dataclass(frozen=True, kw_only=True, slots=True)
class MailWords:
    """One kind of mail; `{name}` is the newsletter's, and nothing else is ever filled in."""

    subject: str
    before: str
    button: str
    after: str


_C, _M, _G, _A = (
    SystemMailKind.CONFIRMATION,
    SystemMailKind.MANAGE,
    SystemMailKind.GOODBYE,
    SystemMailKind.NEW_ADDRESS,
)
READER_MAILS: Mapping[str, Mapping[SystemMailKind, MailWords]] = {
    "en": {
        _C: MailWords(
            subject="Please confirm your subscription to {name}",
            before="Somebody, most likely you, asked for {name} at this address. It will come once you say yes.",
            button="Yes, send me {name}",
            after="If it was not you, do nothing: nothing will come. The button works for 7 days.",
        ),
        _M: MailWords(
            subject="Your settings for {name}",
            before="You get {name} at this address. Here you can choose what you get, see what is kept about you, or leave.",
            button="Open my settings",
            after="The button works for 24 hours. If you did not ask for this mail, do nothing.",
        ),
        _G: MailWords(
            subject="You are unsubscribed from {name}",
            before="{name} will not write to you again. If that was a mistake, or somebody else did it, you can come back for 24 hours.",
            button="Come back",
            after="Otherwise do nothing, and farewell.",
        ),
        _A: MailWords(
            subject="Is this your new address for {name}?",
            before="{name} is to come to this address from now on.",
            button="Yes, use this address",
            after="If you did not ask for this, do nothing: nothing will change. The button works for 24 hours.",
        ),
    },
    "de": {
        _C: MailWords(
            subject="Bitte bestätigen Sie: {name}",
            before="Jemand, wahrscheinlich Sie selbst, hat {name} für diese Adresse bestellt. Der Brief kommt, sobald Sie zustimmen.",
            button="Ja, ich möchte {name} erhalten",
            after="Wenn Sie es nicht waren, brauchen Sie nichts zu tun: Es kommt dann nichts. Der Knopf gilt 7 Tage.",
        ),
        _M: MailWords(
            subject="Ihre Einstellungen für {name}",
            before="Sie erhalten {name} an diese Adresse. Hier können Sie wählen, was Sie bekommen, sehen, was über Sie gespeichert ist, oder abbestellen.",
            button="Meine Einstellungen öffnen",
            after="Der Knopf gilt 24 Stunden. Wenn Sie nicht darum gebeten haben, brauchen Sie nichts zu tun.",
        ),
        _G: MailWords(
            subject="Sie haben {name} abbestellt",
            before="{name} wird Ihnen nicht mehr schreiben. War es ein Versehen oder jemand anderes, können Sie 24 Stunden lang zurückkommen.",
            button="Wieder abonnieren",
            after="Sonst brauchen Sie nichts zu tun. Leben Sie wohl.",
        ),
        _A: MailWords(
            subject="Ist das Ihre neue Adresse für {name}?",
            before="{name} soll von nun an diese Adresse erreichen.",
            button="Ja, diese Adresse nehmen",
            after="Wenn Sie nicht darum gebeten haben, brauchen Sie nichts zu tun: Es ändert sich nichts. Der Knopf gilt 24 Stunden.",
        ),
    },
    "fr": {
        _C: MailWords(
            subject="Confirmez votre abonnement à {name}",
            before="Quelqu’un, sans doute vous, a demandé {name} à cette adresse. La lettre viendra dès que vous aurez dit oui.",
            button="Oui, envoyez-moi {name}",
            after="Si ce n’était pas vous, ne faites rien : rien ne viendra. Le bouton est valable 7 jours.",
        ),
        _M: MailWords(
            subject="Vos réglages pour {name}",
            before="Vous recevez {name} à cette adresse. Vous pouvez ici choisir ce que vous recevez, voir ce qui est conservé sur vous, ou vous désabonner.",
            button="Ouvrir mes réglages",
            after="Le bouton est valable 24 heures. Si vous n’avez pas demandé ce message, ne faites rien.",
        ),
        _G: MailWords(
            subject="Vous êtes désabonné de {name}",
            before="{name} ne vous écrira plus. Si c’était une erreur, ou le fait de quelqu’un d’autre, vous pouvez revenir pendant 24 heures.",
            button="Revenir",
            after="Sinon, ne faites rien. Adieu.",
        ),
        _A: MailWords(
            subject="Est-ce votre nouvelle adresse pour {name} ?",
            before="{name} doit désormais arriver à cette adresse.",
            button="Oui, utiliser cette adresse",
            after="Si vous ne l’avez pas demandé, ne faites rien : rien ne changera. Le bouton est valable 24 heures.",
        ),
    },
    "es": {
        _C: MailWords(
            subject="Confirme su suscripción a {name}",
            before="Alguien, seguramente usted, pidió {name} para esta dirección. Llegará en cuanto diga que sí.",
            button="Sí, quiero recibir {name}",
            after="Si no fue usted, no haga nada: no llegará nada. El botón vale durante 7 días.",
        ),
        _M: MailWords(
            subject="Sus preferencias de {name}",
            before="Usted recibe {name} en esta dirección. Aquí puede elegir qué recibe, ver qué se guarda sobre usted o darse de baja.",
            button="Abrir mis preferencias",
            after="El botón vale durante 24 horas. Si no pidió este mensaje, no haga nada.",
        ),
        _G: MailWords(
            subject="Se ha dado de baja de {name}",
            before="{name} no le escribirá más. Si fue un error, o lo hizo otra persona, puede volver durante 24 horas.",
            button="Volver",
            after="Si no, no haga nada. Hasta siempre.",
        ),
        _A: MailWords(
            subject="¿Es esta su nueva dirección para {name}?",
            before="{name} llegará desde ahora a esta dirección.",
            button="Sí, usar esta dirección",
            after="Si no lo pidió, no haga nada: nada cambiará. El botón vale durante 24 horas.",
        ),
    },
    "uk": {
        _C: MailWords(
            subject="Підтвердьте підписку: {name}",
            before="Хтось, найімовірніше ви, попросив надсилати «{name}» на цю адресу. Листи надходитимуть, щойно ви погодитеся.",
            button="Так, надсилайте мені",
            after="Якщо це були не ви, нічого не робіть: нічого не надійде. Кнопка діє 7 днів.",
        ),
        _M: MailWords(
            subject="Ваші налаштування: {name}",
            before="На цю адресу надходить «{name}». Тут можна вибрати, що отримувати, побачити, що про вас зберігається, або відписатися.",
            button="Відкрити мої налаштування",
            after="Кнопка діє 24 години. Якщо ви не просили про цей лист, нічого не робіть.",
        ),
        _G: MailWords(
            subject="Ви відписалися: {name}",
            before="«{name}» більше вам не писатиме. Якщо це сталося помилково або це зробив хтось інший, протягом 24 годин можна повернутися.",
            button="Повернутися",
            after="Інакше нічого не робіть. На все добре.",
        ),
        _A: MailWords(
            subject="Це ваша нова адреса? {name}",
            before="Відтепер «{name}» має надходити на цю адресу.",
            button="Так, використовувати цю адресу",
            after="Якщо ви про це не просили, нічого не робіть: нічого не зміниться. Кнопка діє 24 години.",
        ),
    },
    "ar": {
        _C: MailWords(
            subject="يُرجى تأكيد اشتراكك في {name}",
            before="طلب أحدهم، على الأرجح أنت، إرسال {name} إلى هذا العنوان. ستصلك الرسائل بعد موافقتك.",
            button="نعم، أرسلوا إليّ {name}",
            after="إن لم تكن أنت، فلا تفعل شيئًا ولن يصلك شيء. الزر صالح لمدة 7 أيام.",
        ),
        _M: MailWords(
            subject="إعداداتك في {name}",
            before="تصلك {name} على هذا العنوان. هنا يمكنك اختيار ما يصلك، والاطلاع على ما نحفظه عنك، أو إلغاء الاشتراك.",
            button="فتح إعداداتي",
            after="الزر صالح لمدة 24 ساعة. إن لم تطلب هذه الرسالة فلا تفعل شيئًا.",
        ),
        _G: MailWords(
            subject="أُلغي اشتراكك في {name}",
            before="لن تراسلك {name} بعد الآن. إن كان ذلك خطأ أو فعله شخص آخر، فيمكنك العودة خلال 24 ساعة.",
            button="العودة",
            after="وإلا فلا تفعل شيئًا. مع السلامة.",
        ),
        _A: MailWords(
            subject="هل هذا عنوانك الجديد لتلقي {name}؟",
            before="ستصل {name} إلى هذا العنوان من الآن فصاعدًا.",
            button="نعم، استخدموا هذا العنوان",
            after="إن لم تطلب ذلك فلا تفعل شيئًا ولن يتغير شيء. الزر صالح لمدة 24 ساعة.",
        ),
    },
    "he": {
        _C: MailWords(
            subject="אישור ההרשמה אל {name}",
            before="מישהו, כנראה את או אתה, ביקש לקבל את {name} לכתובת זו. המכתבים יגיעו לאחר אישור.",
            button="כן, לשלוח אליי את {name}",
            after="אם לא ביקשת, אין צורך לעשות דבר: שום דבר לא יגיע. הכפתור פעיל 7 ימים.",
        ),
        _M: MailWords(
            subject="ההגדרות שלך עבור {name}",
            before="{name} מגיע לכתובת זו. כאן אפשר לבחור מה לקבל, לראות מה נשמר עליך, או לבטל את המינוי.",
            button="פתיחת ההגדרות שלי",
            after="הכפתור פעיל 24 שעות. אם לא ביקשת את ההודעה הזו, אין צורך לעשות דבר.",
        ),
        _G: MailWords(
            subject="המינוי אל {name} בוטל",
            before="{name} לא יכתוב אליך עוד. אם זו הייתה טעות, או שמישהו אחר עשה זאת, אפשר לחזור במשך 24 שעות.",
            button="לחזור",
            after="אחרת אין צורך לעשות דבר. כל טוב.",
        ),
        _A: MailWords(
            subject="האם זו הכתובת החדשה שלך עבור {name}?",
            before="{name} יגיע מעתה לכתובת זו.",
            button="כן, להשתמש בכתובת זו",
            after="אם לא ביקשת זאת, אין צורך לעשות דבר: שום דבר לא ישתנה. הכפתור פעיל 24 שעות.",
        ),
    },
    "ja": {
        _C: MailWords(
            subject="{name}の購読を確認してください",
            before="どなたか(おそらくご本人)が、このアドレスへの{name}の配信を申し込みました。同意いただくと届くようになります。",
            button="{name}を購読する",
            after="お心当たりがなければ、何もしないでください。何も届きません。ボタンは7日間有効です。",
        ),
        _M: MailWords(
            subject="{name}の設定",
            before="このアドレスに{name}をお届けしています。受け取る内容の選択、保存されている情報の確認、購読の解除ができます。",
            button="設定を開く",
            after="ボタンは24時間有効です。お心当たりがなければ、何もしないでください。",
        ),
        _G: MailWords(
            subject="{name}の購読を解除しました",
            before="今後{name}は届きません。間違いだった場合や、ほかの人の操作だった場合は、24時間以内なら元に戻せます。",
            button="購読に戻る",
            after="そうでなければ、何もする必要はありません。ありがとうございました。",
        ),
        _A: MailWords(
            subject="{name}の新しいアドレスですか",
            before="今後、{name}をこのアドレスにお届けします。",
            button="このアドレスを使う",
            after="お心当たりがなければ、何もしないでください。何も変わりません。ボタンは24時間有効です。",
        ),
    },
}
"""By language, then kind."""
