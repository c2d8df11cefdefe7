/// One operation of an interface, as people read of it.
public struct OperationDescription: Sendable {
    /// Something that a request may say.
    public struct Parameter: Sendable {
        /// Its name.
        public let name: String
        /// Whether it stands in the path rather than behind the question mark.
        public let isInPath: Bool
        /// Whether nothing goes without it.
        public let isRequired: Bool
        /// What it means; empty if its name says it.
        public let text: String
        /// All that it can be, if it is one of a few.
        public let choices: [String]
        /// What stands in for it; nil if nothing does.
        public let standard: String?

        /// Describes a parameter.
        public init(
            name: String,
            isInPath: Bool,
            isRequired: Bool,
            text: String,
            choices: [String],
            standard: String?
        ) {
            self.name = name
            self.isInPath = isInPath
            self.isRequired = isRequired
            self.text = text
            self.choices = choices
            self.standard = standard
        }
    }

    /// A stable name, such as `listOffers`.
    public let id: String
    /// What the operation is about, with a sentence that says so.
    public let group: (name: String, text: String)
    /// HTTP's word for it.
    public let method: String
    /// The path with its parameters in braces, such as `/api/v1/offers/{offer}`.
    public let path: String
    /// What it does, in a line.
    public let summary: String
    /// More of it; empty if there is none.
    public let text: String
    /// What a request says.
    public let parameters: [Parameter]
    /// Whether it is answered without a key.
    public let isOpen: Bool

    /// Describes an operation.
    public init(
        id: String,
        group: (name: String, text: String),
        method: String,
        path: String,
        summary: String,
        text: String,
        parameters: [Parameter],
        isOpen: Bool
    ) {
        self.id = id
        self.group = group
        self.method = method
        self.path = path
        self.summary = summary
        self.text = text
        self.parameters = parameters
        self.isOpen = isOpen
    }
}
