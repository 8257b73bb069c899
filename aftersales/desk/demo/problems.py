"""What invented customers complain about, and what invented colleagues answer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One sort of trouble. ``{goods}`` and ``{order}`` are filled in; ``result`` is the code of the outcome.

    ``goods``: words in the names of the things it can happen to; empty means that it can happen to any order.
    """

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
    goods: tuple[str, ...] = ()

    def fits(self, name: str) -> bool:
        """Whether it can happen to the thing of this name."""
        return not self.goods or any(word in name for word in self.goods)


CHARGED = ("扫地机器人", "蓝牙耳机", "移动电源", "智能手表", "无线键盘", "电动牙刷")
PLUGGED = ("空气炸锅", "破壁机", "电饭煲", "加湿器", "电热水壶", "挂烫机", "循环扇", "投影仪", "自动喂食器")
TURNING = ("空气炸锅", "破壁机", "扫地机器人", "加湿器", "循环扇")
COOKING = ("空气炸锅", "破壁机", "电饭煲")
CABINETS = ("实木书桌", "升降椅", "遮光窗帘", "定制窗帘")
HARD = (*CHARGED, *PLUGGED, "平板支架", "行车记录仪", "婴儿推车", "安全座椅", "实木书桌", "收纳箱", "升降椅",
        "黑胶唱片", "登山杖", "骑行头盔", "相框", "钢笔")  # fmt: skip
WORN = ("羽绒服", "针织衫", "休闲裤", "跑步鞋", "连衣裙", "冲锋衣", "帆布鞋")
SEWN = ("羽绒服", "针织衫", "冲锋衣", "四件套", "记忆枕", "速干毛巾")
FRESH = ("车厘子", "大闸蟹", "蔬菜箱", "虾仁", "草莓")
FOOD = ("大米", "菜籽油", "坚果", "咖啡豆", "普洱茶")
SKIN = ("面霜", "防晒乳", "洗发水", "护手霜", "粉底液")
BOOKS = ("绘本", "随笔集", "词典")
MADE = ("相框", "钢笔", "定制窗帘", "皮带")
BABY = ("奶瓶", "爬行垫", "婴儿推车", "安全座椅", "纸尿裤")


PROBLEMS = (
    Problem(
        "returns", "{goods}收到有划痕，要求换货", "昨天收到的{goods}，打开就发现边上有两道划痕，我要换一个新的。",
        "您好，非常抱歉给您添麻烦了。换货没有问题，我先和商家确认库存，今天内给您答复。",
        "商家已同意换货，新的{goods}今天发出，旧件由快递员上门取回，运费由商家承担。", "exchanged",
        ask_customer="方便拍一张划痕的照片发给我们吗？",
        customer_answer="照片发了，划痕在右下角，很明显。",
        ask_merchant="客户反映{goods}有划痕，要求换货，请确认库存并在 24 小时内答复。",
       
        merchant_answer="确认有货，同意换货，今天安排发出。", weight=6, goods=HARD,
    ),
    Problem(
        "returns", "{goods}不合适，七天无理由退货", "{goods}尺寸不合适，没有使用过，想退货，怎么寄回？",
        "您好，符合七天无理由退货的条件，我马上为您登记。",
        "退货已登记，请在 48 小时内寄回，签收验货后退款原路返回。", "returned", weight=6,
        goods=(*WORN, "骑行头盔", "牵引绳", "遮光窗帘", "四件套"),
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
        customer_answer="试了，灯不亮，一点反应也没有。", weight=5, goods=CHARGED,
    ),
    Problem(
        "quality", "{goods}通电没有反应", "收到第二天就不通电了，换了三个插座都不行，质量太差了。",
        "您好，理解您的心情。我们先做简单排查，不行就为您换新。",
        "确认为产品故障，已为您安排换新并承担往返运费。", "exchanged",
        ask_customer="请确认电源线两端都插紧，指示灯会亮吗？",
        customer_answer="插紧了，灯不亮，一点反应也没有。", weight=5, goods=PLUGGED,
    ),
    Problem(
        "quality", "{goods}坏了一半", "打开箱子就闻到味道，{goods}坏了一半，冰袋早就化了，要求退款。",
        "您好，非常抱歉。生鲜坏损我们包赔，请拍一张带外箱面单的照片，马上为您处理。",
        "核实为运输途中脱冷，已全额退款，坏损的不用寄回。", "refunded",
        ask_customer="请补一张坏损部分和外箱面单的照片。",
        customer_answer="照片发了，看得很清楚。", ask_merchant="订单{order}客户反映{goods}坏损，请核实冷链记录。",
        merchant_answer="冷链中途断了 9 小时，同意全额退款。", weight=6, goods=FRESH,
    ),
    Problem(
        "quality", "{goods}是临期的", "收到的{goods}生产日期快一年了，页面上写的是新货。",
        "您好，抱歉让您失望了，我先核对这批货的生产日期。",
        "核实发货批次与页面不符，已退款并请商家修改页面。", "refunded",
        ask_customer="请拍一下包装上的生产日期和批号。", customer_answer="拍了，日期写得很清楚。",
        ask_merchant="请核实{goods}发货批次的生产日期。",
        merchant_answer="仓库发错批次，同意退款。", weight=5, goods=FOOD,
    ),
    Problem(
        "quality", "{goods}用后皮肤发红", "用了{goods}两天脸上发红发痒，停用以后才好，是不是成分有问题？",
        "您好，请先停止使用并注意休息，如有不适请及时就医，我们会跟到底。",
        "已为您全额退款，就医费用凭票据由商家承担，批次留样送检。", "refunded",
        ask_customer="请告诉我们批号，并描述一下出现的部位和时间。",
        customer_answer="批号拍照发了，主要在脸颊，第二天开始的。",
        ask_merchant="{goods}客户使用后皮肤发红，请提供该批次检验报告。",
        merchant_answer="检验报告已上传，同意先行退款。", weight=3, goods=SKIN,
    ),
    Problem(
        "quality", "{goods}缺页", "{goods}中间少了十几页，还有两页装反了，孩子没法看。",
        "您好，抱歉给您添麻烦了，我马上为您换一本。",
        "装订问题已确认，新书今天寄出，旧书不用寄回。", "exchanged", weight=5, goods=BOOKS,
    ),
    Problem(
        "quality", "{goods}做错了，和我定的不一样", "下单时写得清清楚楚，收到的{goods}和定的不一样，根本用不了。",
        "您好，我先核对您的定制单，今天给您答复。",
        "核对确为制作失误，已免费重做，三天内寄出。", "resent",
        ask_customer="请拍一下实物和您下单时填写的内容。", customer_answer="拍了，对比很明显。",
        ask_merchant="订单{order}定制内容有误，请核对生产单。",
        merchant_answer="生产时看错一行，免费重做。", weight=6, goods=MADE,
    ),
    Problem(
        "quality", "{goods}味道很大", "拆开两天了味道还是很大，不敢给孩子用，要求退货。",
        "您好，理解您的担心，请先不要给孩子使用，我来为您办退货。",
        "退货已登记，运费由商家承担，同批次已送检。", "returned",
        ask_merchant="{goods}客户反映异味，请提供质检报告。",
        merchant_answer="质检报告已发，同意退货。", weight=5, goods=BABY,
    ),
    Problem(
        "quality", "{goods}用一次就坏了", "第一次用就坏了，不是我用力的问题，要求换新。",
        "您好，抱歉让您扫兴了，请发一张照片，我们尽快换新。",
        "确认为质量问题，已安排换新，旧件不用寄回。", "exchanged",
        ask_customer="请拍一下断开的地方。", customer_answer="拍了，断口很整齐。", weight=4,
        goods=("登山杖", "瑜伽垫", "露营帐篷", "牵引绳", "双肩包", "收纳箱"),
    ),
    Problem(
        "quality", "{goods}撒了一箱", "箱子打开全是{goods}，包装破了一个大口子。",
        "您好，抱歉给您添麻烦了，我马上为您补发。",
        "确认包装破损，已补发一份并加固包装。", "resent", weight=5, goods=("猫砂", "猫粮", "大米", "坚果", "咖啡豆"),
    ),
    Problem(
        "repair", "{goods}保修期内维修", "{goods}有异响，还在保修期内，想送修。",
        "您好，已为您登记维修，工程师会在一个工作日内联系您。",
        "检测为轴承磨损，已免费更换并测试正常，今天寄回。", "repaired",
        ask_merchant="请提供{goods}最近的授权维修点和备件情况。",
        merchant_answer="备件有货，维修点地址已发。", weight=3, goods=TURNING,
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
        "清洗方法的图文说明已发送，您可随时再联系我们。", "explained", weight=4, goods=COOKING,
    ),
    Problem(
        "consultation", "{goods}怎么洗", "{goods}可以机洗吗？水温多少合适？",
        "您好，请用 30 度以下的水轻柔洗涤，不要漂白，平铺晾干。",
        "洗涤说明已发送，您可随时再联系我们。", "explained", weight=4, goods=SEWN,
    ),
    Problem(
        "consultation", "{goods}怎么保存", "收到{goods}了，一次吃不完，怎么保存比较好？",
        "您好，请冷藏保存并在三天内吃完，不要冲洗后再放。",
        "保存方法的图文说明已发送，祝您用餐愉快。", "explained", weight=4, goods=FRESH,
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
       
        merchant_answer="已停售该批次，质检报告 48 小时内提交。", weight=2, goods=CHARGED,
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
NOT_SOLVED = ("还是老样子，没有解决。", "你们说处理好了，我这边没有变化！", "问题还在，别糊弄我。")
SUMMARIES = (
    "客户诉求清楚，处理及时，结果已与客户确认。",
    "首次答复及时，处理方案一次说清。",
    "处理过程完整，商家配合，建议留作案例。",
)
SUMMARIES_OF = {
    "logistics": ("承运商延误所致，已补偿，建议关注该线路时效。", "派送不规范，已要求承运商整改。"),
    "order": ("责任在商家发货环节，已补救并提醒商家改进。",),
    "quality": ("责任在商家品控，已补救并记录批次。",),
}
NEWCOMER_SUBJECT, NEWCOMER_TEXT = (
    "{goods}怎么预约安装",
    "{goods}今天到了，说明书上写要专业安装，怎么预约师傅上门？",
)
THREAD_GOODS = ("投影仪",)
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
