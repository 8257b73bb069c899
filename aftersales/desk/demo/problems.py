"""What invented customers complain about, and what invented colleagues answer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One sort of trouble. ``{goods}`` and ``{order}`` are filled in; ``result`` is the code of the outcome."""

    kind: str
    subject: str
    text: str
    first: str
    solved: str
    result: str
    ask_customer: str = ""
    customer_answer: str = ""
    ask_merchant: str = ""
    merchant_answer: str = ""
    weight: int = 3


PROBLEMS = (
    Problem(
        "returns", "{goods}收到有划痕，要求换货", "昨天收到的{goods}，打开就发现边上有两道划痕，我要换一个新的。",
        "您好，非常抱歉给您添麻烦了。换货没有问题，我先和商家确认库存，今天内给您答复。",
        "商家已同意换货，新的{goods}今天发出，旧件由快递员上门取回，运费由商家承担。", "exchanged",
        ask_customer="方便拍一张划痕的照片发给我们吗？",
        customer_answer="照片发了，划痕在右下角，很明显。",
        ask_merchant="客户反映{goods}有划痕，要求换货，请确认库存并在 24 小时内答复。",
       
        merchant_answer="确认有货，同意换货，今天安排发出。", weight=6,
    ),
    Problem(
        "returns", "{goods}不合适，七天无理由退货", "{goods}尺寸不合适，没有使用过，想退货，怎么寄回？",
        "您好，符合七天无理由退货的条件，我马上为您登记。",
        "退货已登记，请在 48 小时内寄回，签收验货后退款原路返回。", "returned", weight=6,
    ),
    Problem(
        "payment", "订单{order}退款一周没有到账", "商家一周前就说退款了，到现在也没有收到钱，到底退了没有？",
        "您好，我已看到您的退款记录，正在向支付方核实到账时间。",
        "支付方确认款项已原路退回，预计今天 24 点前到账，流水号已短信发送。", "refunded",
        ask_customer="请问您当时付款用的是哪张卡的后四位？",
        customer_answer="尾号 0086 的那张。", weight=4,
    ),
    Problem(
        "logistics", "{goods}三天没有物流更新", "订单{order}的物流停在分拨中心三天了，急用，能不能催一下？",
        "您好，已向承运商发起查件，24 小时内答复您。",
        "包裹已找到并加急派送，今天送达。给您带来不便，补偿 10 元优惠券。", "delivered", weight=6,
    ),
    Problem(
        "logistics", "显示签收但没有收到{goods}", "物流显示已签收，但我没有收到，门口和快递柜都找过了。",
        "您好，我马上联系派送网点核实签收情况。",
        "经核实误投到隔壁楼栋，快递员已取回并当面交给您，向您道歉。", "delivered",
        ask_merchant="订单{order}显示签收但客户未收到，请协助向承运商索取签收凭证。",
       
        merchant_answer="承运商回复误投，已要求当天重新派送。", weight=4,
    ),
    Problem(
        "quality", "{goods}使用两次就不工作了", "买来用了两次就开不了机，充电也没有反应，质量太差了。",
        "您好，理解您的心情。我们先做简单排查，不行就为您换新。",
        "确认为产品故障，已为您安排换新并承担往返运费。", "exchanged",
        ask_customer="请长按电源键 10 秒试一下，指示灯会亮吗？",
        customer_answer="试了，灯不亮，一点反应也没有。", weight=5,
    ),
    Problem(
        "repair", "{goods}保修期内维修", "{goods}有异响，还在保修期内，想送修。",
        "您好，已为您登记维修，工程师会在一个工作日内联系您。",
        "检测为轴承磨损，已免费更换并测试正常，今天寄回。", "repaired",
        ask_merchant="请提供{goods}最近的授权维修点和备件情况。",
        merchant_answer="备件有货，维修点地址已发。", weight=3,
    ),
    Problem(
        "order", "订单{order}想修改收货地址", "地址填错了，还没有发货，能帮我改一下吗？",
        "您好，订单尚未出库，我马上为您修改。", "地址已修改并与您核对无误，预计明天发货。", "corrected", weight=4,
    ),
    Problem(
        "order", "{goods}少发了一件", "买了两件只收到一件，包裹里没有别的。",
        "您好，我先核对出库称重记录，今天给您答复。",
        "称重记录显示确实漏发，缺的一件已补寄，运单号已发给您。", "resent",
        ask_merchant="订单{order}客户反映少发一件，请核对出库记录。",
        merchant_answer="核对了，确实漏发，马上补寄。", weight=3,
    ),
    Problem(
        "invoice", "订单{order}申请电子发票", "需要电子发票报销，抬头和税号已经填了，一直没有收到。",
        "您好，我查一下开票进度。", "电子发票已开具并发送到您的邮箱，请查收。", "corrected", weight=4,
    ),
    Problem(
        "consultation", "{goods}怎么清洗保养", "说明书看不懂，{goods}可以水洗吗？",
        "您好，可以用湿布擦拭，内胆可拆下水洗，请避免浸泡底座。",
        "清洗方法的图文说明已发送，您可随时再联系我们。", "explained", weight=4,
    ),
    Problem(
        "service", "投诉商家客服态度恶劣", "问了三次都不回，最后回一句爱买不买，我要投诉！",
        "您好，非常抱歉让您有这样的体验，您的投诉已登记，由专人处理。",
        "已核实聊天记录，商家当事客服已被警告，商家向您致歉并赠送 20 元优惠券。", "compensated",
        ask_merchant="客户投诉贵店客服态度恶劣，请在 24 小时内说明情况。",
       
        merchant_answer="情况属实，已批评教育，愿意道歉并补偿。", weight=3,
    ),
    Problem(
        "quality", "{goods}充电时冒烟，太危险了", "昨晚充电的时候突然冒烟，还有焦味，家里有小孩，吓死了！",
        "您好，请立即断电并停止使用，人员是否平安？此事已升级为特别重大问题，专人跟进。",
        "产品已取回检测，同批次已暂停销售，全额退款并承担检测费用。", "refunded",
        ask_merchant="{goods}发生充电冒烟，请立即停售同批次并提供质检报告。",
       
        merchant_answer="已停售该批次，质检报告 48 小时内提交。", weight=1,
    ),
    Problem(
        "other", "建议增加预约送货的时间段", "建议晚上八点以后也能预约送货，白天没有人在家。",
        "您好，感谢您的建议，已转给物流产品团队评估。", "建议已登记，评估结果会通过消息告知您。", "explained", weight=1,
    ),
)  # fmt: skip

# Answers to tickets that a rule over trade data opened.
RULE_FIRST = {
    "logistics": "您好，我们发现您的包裹没有按承诺时间送达，正在向承运商核实，先向您致歉。",
    "quality": "您好，看到您的评价，很抱歉没有让您满意。能否告诉我们具体的问题，我们来解决。",
    "payment": "您好，您的订单已取消，我们正在核对退款进度，很快给您答复。",
}
RULE_SOLVED = {
    "logistics": ("包裹已送达，因延误为您补偿 10 元优惠券。", "delivered"),
    "quality": ("已与您沟通并给出处理方案，感谢您的反馈。", "explained"),
    "payment": ("退款已提交，1 至 3 个工作日内原路到账。", "refunded"),
}
CALL_NOTES = (
    "已电话核实客户诉求。",
    "查看了物流轨迹和聊天记录。",
    "与商家运营沟通，对方表示配合。",
    "客户情绪较激动，注意安抚。",
)
THANKS = ("好的，谢谢。", "问题解决了，谢谢你们。", "处理得很快，满意。", "")
NOT_SOLVED = ("还是没有收到，怎么就结束了？", "换来的还是坏的，根本没有解决！", "钱还没有到，别糊弄我。")
SUMMARIES = (
    "客户诉求清楚，处理及时，结果已与客户确认。",
    "责任在商家发货环节，已补救并提醒商家改进。",
    "承运商延误所致，已补偿，建议关注该线路时效。",
    "首次方案未被接受，二次处理后客户满意。",
)
THREAD_SUBJECT = "{goods}安装后多次调试，客户反复咨询"
THREAD_CUSTOMER = (
    "按说明书装好了，可是开机以后屏幕一直闪。", "试过了，还是闪。", "重启以后好了五分钟，又开始了。",
    "遥控器也没有反应。",
    "换了插座，一样的。", "拍了视频，已经发给你们了。", "什么时候能来人看？", "周六上午可以。",
    "好，我等着。", "师傅说要换主板。",
)  # fmt: skip
THREAD_STAFF = (
    "您好，请先确认电源线插紧，再长按电源键 10 秒。", "麻烦再把固件升级到最新版试试。",
    "明白，我请工程师看一下日志。",
    "请取出电池两分钟后再装回。", "收到，我们安排上门检测。", "视频收到了，谢谢您的配合。",
    "预约了周六上午 9 到 11 点，可以吗？",
    "已为您预约，师傅会提前电话联系。", "检测结果出来后第一时间告诉您。", "主板免费更换，配件两天内到。",
)  # fmt: skip
